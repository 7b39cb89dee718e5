import { Metadata, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { type AccessControl, DENIALS, presented_key } from "../access/index.ts";
import type { ConnectionMetrics } from "../connections/index.ts";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import {
  type GrpcServer,
  type GrpcServerOptions,
  header_of,
  type Intake,
  start_grpc_server,
  unary_method,
} from "../grpc/index.ts";
import type { Certificates } from "../tls/index.ts";
import type { Acceptor } from "./acceptor.ts";
import { ReceiveError, REFUSALS } from "./error.ts";
import { inflate } from "./inflate.ts";
import { response_bytes, type SignalName, SIGNALS } from "./signals.ts";

const RETRY_AFTER_S = 5n;

export type OtlpGrpcOptions = {
  host: string;
  /** 0: one that the system gives. */
  port: number;
  request_bytes_max: number;
  body_read_ms_max?: number;
  keepalive?: GrpcServerOptions["keepalive"];
  connections_max?: number;
  connections: ConnectionMetrics;
  acceptor: Acceptor;
  access: AccessControl;
  certificates: Certificates;
};

type Call = ServerUnaryCall<Uint8Array, Uint8Array>;

/** OTLP/gRPC (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc). Rejects, naming the address, when it can't listen. */
export function start_otlp_grpc({
  host,
  port,
  request_bytes_max,
  body_read_ms_max,
  keepalive,
  connections_max,
  connections,
  certificates,
  ...receiver
}: OtlpGrpcOptions): Promise<GrpcServer> {
  const services = (Object.keys(SIGNALS) as SignalName[]).map((signal) => ({
    definition: { Export: unary_method(SIGNALS[signal].grpc_path) },
    implementation: { Export: export_handler(signal, receiver) },
  }));
  return start_grpc_server({
    host,
    port,
    message_bytes_max: request_bytes_max,
    message_read_ms_max: body_read_ms_max,
    intake: intake_of(receiver, request_bytes_max),
    keepalive,
    connections_max,
    connection_metrics: connections.of("otlp_grpc"),
    certificates,
    services,
  });
}

type Receiver = Pick<OtlpGrpcOptions, "acceptor" | "access">;

/** Calls count as in flight from their headers on, with the bytes that have come; the library would say so when all have. */
const intake_of = ({ acceptor, access }: Receiver, request_bytes_max: number): Intake => ({
  admit: (headers) => {
    const decision = access.check(presented_key(header_of(headers)), "ingest");
    if (decision !== "allowed") throw new ReceiveError(decision, DENIALS[decision]);
    return acceptor.in_flight.admit();
  },
  decompress: async (sent, encoding, room) => {
    if (encoding === "gzip" || encoding === "deflate") return inflate(sent, encoding, request_bytes_max, room);
    throw encoding === "identity"
      ? new ReceiveError("malformed", "the message says that it is compressed, and the call does not say how")
      : new ReceiveError("unsupported_encoding", `encoding "${encoding}" is not gzip, deflate or identity`);
  },
  refuse: (error) => status_of(acceptor.refuse("grpc", error)),
});

const export_handler =
  (signal: SignalName, { acceptor }: Receiver) =>
  (call: Call, answer: sendUnaryData<Uint8Array>) => {
    acceptor.accept(signal, "grpc", call.request).then(
      (partial_success) => answer(null, response_bytes(partial_success)),
      (error: unknown) => answer(status_of(acceptor.refuse("grpc", error))),
    );
  };

function status_of({ code: refusal, message }: ReceiveError) {
  const code = REFUSALS[refusal].grpc;
  const metadata = new Metadata();
  if (refusal === "unavailable") {
    const retry_info = create(RetryInfoSchema, { retryDelay: { seconds: RETRY_AFTER_S } });
    const status = create(StatusSchema, { code, message, details: [anyPack(RetryInfoSchema, retry_info)] });
    metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  }
  return { code, details: message, metadata };
}
