/**
 * gRPC servers as every part of the program runs them: bytes in and out, a port that is really bound, a stop that ends.
 *
 * Messages stay bytes: who serves a method decodes what it needs. Limits and keepalive are those of the whole program.
 * An `Intake` has a say in each message while it comes.
 */
export { MessageError, type MessageErrorCode } from "./error.ts";
export type { Intake, Refusal, Room } from "./intake.ts";
export { type GrpcServer, type GrpcServerOptions, start_grpc_server } from "./server.ts";
export { as_bytes, header_of, type RawMethod, server_streaming_method, unary_method } from "./method.ts";
