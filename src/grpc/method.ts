import type { Metadata, MethodDefinition } from "@grpc/grpc-js";

export type RawMethod = MethodDefinition<Uint8Array, Uint8Array>;

const method = (path: string, responseStream: boolean): RawMethod => ({
  path,
  requestStream: false,
  responseStream,
  requestSerialize: as_bytes,
  requestDeserialize: as_bytes,
  responseSerialize: as_bytes,
  responseDeserialize: as_bytes,
});

/** `path` is `/package.Service/Method`. */
export const unary_method = (path: string): RawMethod => method(path, false);
export const server_streaming_method = (path: string): RawMethod => method(path, true);

/** The same bytes as the Buffer that grpc-js works with. */
export function as_bytes(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Looks headers up by name, for `presented_key`. */
export const header_of = (metadata: Metadata) => (name: string) => metadata.get(name)[0]?.toString();
