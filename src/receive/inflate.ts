import { createGunzip, createInflate } from "node:zlib";
import { ReceiveError } from "./error.ts";

const DECODERS = { gzip: createGunzip, deflate: createInflate };

export type Encoding = keyof typeof DECODERS;

/** What comes out at a time, before it is counted: large enough for an ordinary request to come out at once. */
const PIECE_BYTES = 256 * 1024;

/**
 * Decompresses a body piece by piece, and asks `held` for room for each: a bomb is refused when there is none, or when
 * more than `bytes_max` have come out. Rejects with ReceiveError.
 */
export async function inflate(
  sent: Uint8Array,
  encoding: Encoding,
  bytes_max: number,
  held: { take_bytes(count: number): void },
): Promise<Buffer> {
  const decoder = DECODERS[encoding]({ chunkSize: PIECE_BYTES });
  decoder.end(sent);
  const pieces: Buffer[] = [];
  let byte_count = 0;
  try {
    for await (const piece of decoder as AsyncIterable<Buffer>) {
      byte_count += piece.length;
      if (byte_count > bytes_max) throw too_large(bytes_max);
      held.take_bytes(piece.length);
      pieces.push(piece);
    }
  } catch (cause) {
    throw cause instanceof ReceiveError
      ? cause
      : new ReceiveError("malformed", `the body is not ${encoding}`, { cause });
  }
  const [first] = pieces;
  return pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces, byte_count);
}

export const too_large = (bytes_max: number): ReceiveError =>
  new ReceiveError("too_large", `the body is larger than ${bytes_max} bytes, decompressed`);
