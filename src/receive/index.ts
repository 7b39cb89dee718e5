/**
 * OTLP in (https://opentelemetry.io/docs/specs/otlp/), over gRPC and over HTTP in protobuf and JSON.
 *
 * A request is acknowledged once its bytes are durable in the queue. It is checked in one pass and not decoded; spans
 * that can't be stored are cut out and named in a partial success, and so are metrics and logs, which are not stored.
 * Everything else that is not taken is an error of the protocol's own that says whether to try again.
 */
export { Acceptor, type Protocol } from "./acceptor.ts";
export { type OtlpGrpcOptions, start_otlp_grpc } from "./grpc.ts";
export { otlp_json_to_protobuf } from "./json.ts";
export { type OtlpHttpOptions, type OtlpHttpServer, start_otlp_http } from "./http.ts";
