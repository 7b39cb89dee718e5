import { Metadata, type sendUnaryData, type ServerUnaryCall } from "@grpc/grpc-js";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { type AccessControl, DENIALS, presented_key } from "../access/index.ts";
import { RetryInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import { type GrpcServer, header_of, start_grpc_server, unary_method } from "../grpc/index.ts";
import type { Certificates } from "../tls/index.ts";
import type { Acceptor } from "./acceptor.ts";
import { ReceiveError, REFUSALS } from "./error.ts";
import { response_bytes, type SignalName, SIGNALS } from "./signals.ts";

const RETRY_AFTER_S = 5n;

export type OtlpGrpcOptions = {
  host: string;
  /** 0: one that the system gives. */
  port: number;
  request_bytes_max: number;
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
  certificates,
  ...receiver
}: OtlpGrpcOptions): Promise<GrpcServer> {
  const services = (Object.keys(SIGNALS) as SignalName[]).map((signal) => ({
    definition: { Export: unary_method(SIGNALS[signal].grpc_path) },
    implementation: { Export: export_handler(signal, receiver) },
  }));
  return start_grpc_server({ host, port, message_bytes_max: request_bytes_max, certificates, services });
}

type Receiver = Pick<OtlpGrpcOptions, "acceptor" | "access">;

const export_handler = (signal: SignalName, receiver: Receiver) => (call: Call, answer: sendUnaryData<Uint8Array>) => {
  accept(signal, receiver, call).then(
    (response) => answer(null, response),
    (error: unknown) => answer(service_error(receiver.acceptor.refuse("grpc", error))),
  );
};

async function accept(signal: SignalName, { acceptor, access }: Receiver, call: Call): Promise<Uint8Array> {
  const decision = access.check(presented_key(header_of(call.metadata)), "ingest");
  if (decision !== "allowed") throw new ReceiveError(decision, DENIALS[decision]);
  using held = acceptor.in_flight.admit();
  held.take_bytes(call.request.length);
  return response_bytes(await acceptor.accept(signal, "grpc", call.request));
}

function service_error({ code: refusal, message }: ReceiveError) {
  const code = REFUSALS[refusal].grpc;
  const metadata = new Metadata();
  if (refusal === "unavailable") {
    const retry_info = create(RetryInfoSchema, { retryDelay: { seconds: RETRY_AFTER_S } });
    const status = create(StatusSchema, { code, message, details: [anyPack(RetryInfoSchema, retry_info)] });
    metadata.set("grpc-status-details-bin", Buffer.from(toBinary(StatusSchema, status)));
  }
  return { code, details: message, metadata };
}
