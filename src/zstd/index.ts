/**
 * zstd (RFC 8878), into memory that the caller has.
 *
 * Bun's own functions give new memory each time. It lies outside of JavaScript's heap: the system has to clear it, and
 * the collector gives it back late and in pauses, which is what the slowest answers waited for. DuckDB's library has zstd
 * too; where that is loaded it is used, and Bun's elsewhere. Figures: docs/adr/0020-zstd-into-memory-of-our-own.md.
 */
import { type Pointer, ptr } from "bun:ffi";
import { zstd_library } from "./library.ts";

/** The bytes are not zstd, or the memory is too small for what is in them. */
export class ZstdError extends Error {
  override readonly name = "ZstdError";
}

const SMALL_BYTES = 128 * 1024;

/** What compressing so many bytes takes at most (zstd.h, ZSTD_COMPRESSBOUND). */
export const compressed_bytes_max = (length: number): number =>
  length + (length >> 8) + (length < SMALL_BYTES ? (SMALL_BYTES - length) >> 11 : 0);

/**
 * Writes one frame with all of `from` to the beginning of `to`, which has compressed_bytes_max, and gives its length.
 * Level: 1 to 3.
 */
export function compress(from: Uint8Array, level: number, to: Uint8Array): number {
  const library = zstd_library();
  if (library === null || from.length === 0) return put(Bun.zstdCompressSync(from, { level }), to);
  const length = library.compress(ptr(to), to.length, ptr(from), from.length, level);
  if (length > to.length) throw new ZstdError(`${from.length} bytes were not compressed into ${to.length}`);
  return Number(length);
}

/** Writes what the frames in `from` hold to the beginning of `to`, and gives its length. Throws ZstdError. */
export function decompress(from: Uint8Array, to: Uint8Array): number {
  const library = zstd_library();
  if (library === null || from.length === 0 || to.length === 0) return put(decompressed(from), to);
  const length = library.decompress(ptr(to), to.length, ptr(from), from.length);
  if (length > to.length) throw new ZstdError(`the bytes are not zstd, or hold more than ${to.length}`);
  return Number(length);
}

/**
 * Writes what the frame that `from` begins with holds to the beginning of `to`, a block of 128 KiB at most at a time, until
 * `is_enough` of the bytes that are there, or all are, and gives how many. Throws ZstdError.
 */
export function decompress_until(from: Uint8Array, to: Uint8Array, is_enough: (length: number) => boolean): number {
  const library = zstd_library();
  if (library === null || from.length === 0 || to.length === 0) return decompress(from, to);
  const [from_start, to_start] = [ptr(from), ptr(to)];
  library.begin_frame();
  let [at, length] = [0, 0];
  for (;;) {
    const bytes = Number(library.next_piece_bytes());
    if (bytes === 0) return length;
    if (at + bytes > from.length) throw new ZstdError("the bytes end early");
    const room = to.length - length;
    const written = library.decompress_piece(behind(to_start, length), room, behind(from_start, at), bytes);
    if (written > room) throw new ZstdError(`the bytes are not zstd, or hold more than ${to.length}`);
    at += bytes;
    length += Number(written);
    if (written > 0n && is_enough(length)) return length;
  }
}

const behind = (start: Pointer, bytes: number): Pointer => (start + bytes) as Pointer;

function decompressed(from: Uint8Array): Uint8Array {
  try {
    return Bun.zstdDecompressSync(from);
  } catch (cause) {
    throw new ZstdError("the bytes are not zstd", { cause });
  }
}

function put(content: Uint8Array, to: Uint8Array): number {
  if (content.length > to.length) throw new ZstdError(`${content.length} bytes do not fit into ${to.length}`);
  to.set(content);
  return content.length;
}
