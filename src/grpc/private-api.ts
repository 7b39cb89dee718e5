import type { ServerHttp2Stream } from "node:http2";
import type { Server as NetServer } from "node:net";
import type { Server, ServerInterceptingCallInterface } from "@grpc/grpc-js";

// What grpc-js 1.14 has no public interface for. Its servers hand a message over when it is whole, and the library alone
// knows of what it holds until then: 64 MiB for each call of each connection, and as much again while it decompresses. And it takes any number of connections.
// Everything that leans on its inside is in this file. test/grpc/private-api.test.ts fails when a version moves it.

/** The receiving side of one call. */
export type CallInternals = {
  /** Puts the bytes of DATA frames together; gives messages with the 5 bytes before them, when they are whole. */
  decoder: { write(data: Buffer): Buffer[] };
  /** Makes a whole message, the 5 bytes before it included, what the method's deserializer takes. */
  decompressMessage: (message: Buffer, encoding: string) => Buffer | Promise<Buffer>;
  readonly stream: ServerHttp2Stream;
};

/** The inside of the call that an interceptor is given, to read and to replace. Throws where it has another form. */
export function internals_of(call: ServerInterceptingCallInterface): CallInternals {
  const internals = call as unknown as Partial<CallInternals>;
  const { decoder, decompressMessage, stream } = internals;
  if (typeof decoder?.write !== "function" || typeof decompressMessage !== "function" || stream === undefined) {
    throw new Error("this version of @grpc/grpc-js receives messages in another way: see src/grpc/private-api.ts");
  }
  return internals as CallInternals;
}

/** What a server that is bound listens with: one for each address of its host. Throws where they are kept elsewhere. */
export function listeners_of(server: Server): NetServer[] {
  const { http2Servers } = server as unknown as { http2Servers?: Map<NetServer, unknown> };
  const listeners = http2Servers instanceof Map ? Array.from(http2Servers.keys()) : [];
  if (!listeners.some((listener) => listener.listening)) {
    throw new Error("this version of @grpc/grpc-js listens in another way: see src/grpc/private-api.ts");
  }
  return listeners;
}
