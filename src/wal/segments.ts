import { closeSync, openSync, readdirSync, readSync } from "node:fs";
import { join } from "node:path";
import { parse_segment_header, SEGMENT_HEADER_BYTES, type SegmentHeader } from "./record.ts";
import { compare_ulids, type Ulid, ulid_of_text, ulid_to_text } from "./ulid.ts";

const SUFFIX = ".wal";

/** A segment file by its name. All keys in it are at or above `start_key`, all keys of earlier ones below. */
export type Segment = { start_key: Ulid; path: string };

export const segment_path = (directory: string, start_key: Ulid): string =>
  join(directory, ulid_to_text(start_key) + SUFFIX);

/** The segments in `directory`, oldest first. Other files are passed over. */
export function list_segments(directory: string): Segment[] {
  const segments: Segment[] = [];
  for (const name of readdirSync(directory)) {
    const start_key = name.endsWith(SUFFIX) ? ulid_of_text(name.slice(0, -SUFFIX.length)) : null;
    if (start_key !== null) segments.push({ start_key, path: join(directory, name) });
  }
  return segments.sort((a, b) => compare_ulids(a.start_key, b.start_key));
}

/**
 * The files that hold the queue, oldest first. They only grow, so that a copy made while the writer writes is a queue as
 * it was; one that is gone meanwhile was trimmed.
 */
export const queue_files = (directory: string): string[] => list_segments(directory).map(({ path }) => path);

/** Null: it is damaged, or not written yet. */
export function read_segment_header(path: string): SegmentHeader | null {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
    return parse_segment_header(bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)));
  } finally {
    closeSync(file);
  }
}

/** How much of `segment` counts, as the segment after it says; undefined when that can't be told. */
export function sealed_bytes(segment: Segment, next: Segment): number | undefined {
  const previous = read_segment_header(next.path)?.previous;
  if (previous === undefined || compare_ulids(previous.start_key, segment.start_key) !== 0) return undefined;
  return previous.bytes;
}
