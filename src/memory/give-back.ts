import { ptr } from "bun:ffi";
import { MADV_DONTNEED, madvise } from "./madvise.ts";

const PAGE_BYTES = 4096;

/** Lets the system have the pages of a buffer of which the content is of no more use; those that are used again are zero. */
export function give_back(buffer: SharedArrayBuffer): void {
  const start = ptr(new Uint8Array(buffer));
  const from = Math.ceil(start / PAGE_BYTES) * PAGE_BYTES;
  const to = Math.floor((start + buffer.byteLength) / PAGE_BYTES) * PAGE_BYTES;
  if (to > from) madvise()?.(BigInt(from), BigInt(to - from), MADV_DONTNEED);
}
