/**
 * Tells an ingestion service elsewhere whether a key may hand spans in (InternalAuthService of proto/ingestion).
 *
 * Whoever can reach the port may ask, as the contract has it; the answer is worth nothing to who guesses at 256 random
 * bits.
 */
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { type sendUnaryData, type ServerUnaryCall, status } from "@grpc/grpc-js";
import type { AccessControl } from "../access/index.ts";
import { ValidateApiKeyRequestSchema, ValidateApiKeyResponseSchema } from "../gen/ingestion/ingestion_pb.ts";
import { type GrpcServer, start_grpc_server, unary_method } from "../grpc/index.ts";
import type { Certificates } from "../tls/index.ts";

const VALIDATE_API_KEY_PATH = "/ingestion.InternalAuthService/ValidateApiKey";
const REQUEST_BYTES_MAX = 64 * 1024;

export type KeyServiceOptions = {
  host: string;
  /** 0: one that the system gives. */
  port: number;
  access: AccessControl;
  certificates: Certificates;
};

type Call = ServerUnaryCall<Uint8Array, Uint8Array>;

/** Resolves when it listens; rejects, naming the address, when it can't. */
export function start_key_service({ access, ...address }: KeyServiceOptions): Promise<GrpcServer> {
  const validate = (call: Call, answer: sendUnaryData<Uint8Array>) => {
    const api_key = requested_key(call.request);
    if (api_key === null) {
      answer({ code: status.INVALID_ARGUMENT, details: "the message is not a ValidateApiKeyRequest" });
      return;
    }
    const isValid = access.check(api_key === "" ? undefined : api_key, "ingest") === "allowed";
    answer(null, toBinary(ValidateApiKeyResponseSchema, create(ValidateApiKeyResponseSchema, { isValid })));
  };
  const definition = { ValidateApiKey: unary_method(VALIDATE_API_KEY_PATH) };
  const services = [{ definition, implementation: { ValidateApiKey: validate } }];
  return start_grpc_server({ ...address, message_bytes_max: REQUEST_BYTES_MAX, services });
}

function requested_key(bytes: Uint8Array): string | null {
  try {
    return fromBinary(ValidateApiKeyRequestSchema, bytes).apiKey;
  } catch {
    return null;
  }
}
