import { status as grpc_status } from "@grpc/grpc-js";
import { MessageError, type MessageErrorCode } from "../grpc/index.ts";
import { WalError } from "../wal/index.ts";
import { WireError } from "../wire/index.ts";

/** Each way in which a request is not taken, as HTTP and as gRPC says it (also the code in a google.rpc.Status). */
export const REFUSALS = {
  malformed: { http: 400, grpc: grpc_status.INVALID_ARGUMENT },
  unauthenticated: { http: 401, grpc: grpc_status.UNAUTHENTICATED },
  forbidden: { http: 403, grpc: grpc_status.PERMISSION_DENIED },
  not_found: { http: 404, grpc: grpc_status.NOT_FOUND },
  method_not_allowed: { http: 405, grpc: grpc_status.UNIMPLEMENTED },
  too_large: { http: 413, grpc: grpc_status.RESOURCE_EXHAUSTED },
  unsupported_media_type: { http: 415, grpc: grpc_status.INVALID_ARGUMENT },
  unsupported_encoding: { http: 415, grpc: grpc_status.UNIMPLEMENTED },
  internal: { http: 500, grpc: grpc_status.INTERNAL },
  /** The one that a client should try again. */
  unavailable: { http: 503, grpc: grpc_status.UNAVAILABLE },
} as const;

export type ReceiveErrorCode = keyof typeof REFUSALS;

const MESSAGE_ERRORS: Record<MessageErrorCode, ReceiveErrorCode> = {
  malformed: "malformed",
  unsupported_encoding: "unsupported_encoding",
  too_large: "too_large",
  too_slow: "unavailable",
  no_room: "unavailable",
};

/** A request is not taken, and nothing of it is kept. The message is for the client. */
export class ReceiveError extends Error {
  override readonly name = "ReceiveError";

  constructor(
    readonly code: ReceiveErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }

  static from(error: unknown): ReceiveError {
    if (error instanceof ReceiveError) return error;
    if (error instanceof MessageError)
      return new ReceiveError(MESSAGE_ERRORS[error.code], error.message, { cause: error });
    if (error instanceof WireError) {
      return new ReceiveError("malformed", `the body is not the message it should be: ${error.message}`, {
        cause: error,
      });
    }
    if (error instanceof WalError) {
      return new ReceiveError("unavailable", `not taken, try again later: ${error.message}`, { cause: error });
    }
    return new ReceiveError("internal", "an error of the server's own", { cause: error });
  }
}
