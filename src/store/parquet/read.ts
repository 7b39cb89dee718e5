import type { FileHandle } from "node:fs/promises";
import { read_cached } from "./cached-read.ts";
import { ParquetError } from "./error.ts";
import type { BorrowedBuffers } from "./read-buffers.ts";

/** Reading what lies between costs less than a further call. */
const GAP_BYTES_MAX = 64 * 1024;

type Range = { readonly start: number; readonly length: number };

/** Fills `bytes`, and gives them. Rejects with ParquetError when the file has less. */
export async function read_at(handle: FileHandle, start: number, bytes: Uint8Array): Promise<Uint8Array> {
  let filled = read_cached(handle.fd, bytes, start);
  while (filled < bytes.length) {
    const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, start + filled);
    if (bytesRead === 0) throw new ParquetError("the file ends early");
    filled += bytesRead;
  }
  return bytes;
}

/** The bytes of each range. Neighbours are read at once, and what is far apart side by side. */
export async function read_ranges(
  handle: FileHandle,
  ranges: readonly Range[],
  buffers: BorrowedBuffers,
): Promise<Uint8Array[]> {
  const contents: Uint8Array[] = [];
  const reads = neighbours(ranges).map(async (indexes) => {
    const start = ranges[indexes[0]].start;
    const end = indexes.reduce((furthest, index) => Math.max(furthest, end_of(ranges[index])), start);
    const bytes = await read_at(handle, start, buffers.take(end - start));
    for (const index of indexes) {
      contents[index] = bytes.subarray(ranges[index].start - start, end_of(ranges[index]) - start);
    }
  });
  await all_ended(reads);
  return contents;
}

/**
 * What all of them give. Where one fails, rejects as it does, but not before the others have ended: they read into memory,
 * and from a file, that is not theirs any more afterwards.
 */
export async function all_ended<Result>(reads: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(reads);
  return Promise.all(reads);
}

const end_of = ({ start, length }: Range): number => start + length;

/** The indexes of ranges, in groups of such as lie side by side. */
function neighbours(ranges: readonly Range[]): number[][] {
  const in_file_order = Array.from(ranges.keys()).sort((a, b) => ranges[a].start - ranges[b].start);
  const groups: number[][] = [];
  let end = -Infinity;
  for (const index of in_file_order) {
    if (ranges[index].start - end > GAP_BYTES_MAX) groups.push([]);
    groups[groups.length - 1].push(index);
    end = Math.max(end, end_of(ranges[index]));
  }
  return groups;
}
