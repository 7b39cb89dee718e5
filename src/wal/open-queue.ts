import { closeSync, fsyncSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../observe/index.ts";
import { KeySource } from "./key-source.ts";
import { SEGMENT_HEADER_BYTES, SEGMENT_VERSION } from "./record.ts";
import { SegmentCursor } from "./segment-cursor.ts";
import { type SealedSegment, SegmentLog } from "./segment-log.ts";
import { list_segments, read_segment_header, sealed_bytes, type Segment } from "./segments.ts";
import { compare_ulids, type Ulid, ulid_of } from "./ulid.ts";

/** The newest entries are the ones that a crash may have hurt; older ones are checked when they are read. */
const CHECKED_BYTES = 64 * 1024 * 1024;

export type OpenQueueOptions = {
  segment_bytes_max: number;
  now_ms: () => number;
  logger: Logger;
};

export type OpenedQueue = {
  log: SegmentLog;
  keys: KeySource;
  /** Entries that were found damaged. */
  damaged_entries: number;
};

/**
 * Takes stock of the segments in `directory`. Nothing in them is changed: what a crash has torn at the end counts no more
 * because the next segment says so, and what is damaged is told as an error and stays.
 */
export function open_queue(directory: string, options: OpenQueueOptions): OpenedQueue {
  const { segment_bytes_max, now_ms, logger } = options;
  const segments = without_leftovers(directory);
  const keys = new KeySource(now_ms);
  const sealed: SealedSegment[] = [];
  let checked_bytes = 0;
  let damaged_entries = 0;
  for (const [index, segment] of [...segments.entries()].reverse()) {
    refuse_other_releases(segment);
    keys.raise(segment.start_key);
    if (checked_bytes >= CHECKED_BYTES) {
      sealed.unshift({ ...segment, last_key: null, bytes: statSync(segment.path).size });
      continue;
    }
    const found = look_into(segment, segments.at(index + 1), logger);
    checked_bytes += found.bytes;
    damaged_entries += found.damaged_entries;
    keys.raise(found.highest_key);
    sealed.unshift({ ...segment, last_key: found.last_key, bytes: found.bytes });
  }
  // A process that was killed has left what it wrote to the kernel: from now on it counts as being on disk.
  const newest = sealed.at(-1);
  if (newest !== undefined) sync_file(newest.path);
  return { log: new SegmentLog(directory, keys, sealed, segment_bytes_max), keys, damaged_entries };
}

/** The segments, without those that only told which keys were given until the next one did. */
function without_leftovers(directory: string): Segment[] {
  for (const name of readdirSync(directory)) if (name.endsWith(".wal.new")) rmSync(join(directory, name));
  const segments = list_segments(directory);
  return segments.filter((segment, index) => {
    const next = segments.at(index + 1);
    if (next === undefined || statSync(segment.path).size > SEGMENT_HEADER_BYTES) return true;
    // It may have lost what was in it.
    if ((sealed_bytes(segment, next) ?? 0) > SEGMENT_HEADER_BYTES) return true;
    rmSync(segment.path);
    return false;
  });
}

function refuse_other_releases({ path }: Segment): void {
  const version = read_segment_header(path)?.version ?? SEGMENT_VERSION;
  if (version !== SEGMENT_VERSION) throw new Error(`${path} is of a later release: format ${version}`);
}

type Found = { bytes: number; last_key: Ulid; highest_key: Ulid; damaged_entries: number };

function look_into(segment: Segment, next: Segment | undefined, logger: Logger): Found {
  using cursor = new SegmentCursor(segment);
  if (next !== undefined) cursor.seal(sealed_bytes(segment, next));
  const { path, start_key } = segment;
  const damaged_offsets: number[] = [];
  let last_key = start_key;
  for (;;) {
    const { offset } = cursor;
    const item = cursor.peek();
    const entry = item && cursor.take(item);
    if (entry === null) break;
    last_key = entry.last_key;
    if (entry.is_damaged) damaged_offsets.push(offset);
  }
  const { size, mtimeMs } = statSync(path);
  const torn_bytes = next === undefined ? Math.max(0, size - cursor.offset) : 0;
  if (torn_bytes > 0) {
    logger.info(
      { path, offset: cursor.offset, torn_bytes },
      "the queue ends with a write that was torn: it is left out",
    );
  }
  if (damaged_offsets.length > 0) {
    const [offset] = damaged_offsets;
    const found = { path, offset, damaged_entries: damaged_offsets.length };
    logger.error(found, "the queue is damaged: entries that are not what was queued become dead letters");
  }
  let highest_key = cursor.highest_key_behind() ?? last_key;
  if (torn_bytes > 0 || damaged_offsets.length > 0) {
    // A key that can't be read any more may have been given, and a reader be at it.
    const written = ulid_of(Math.ceil(mtimeMs) + 1);
    if (compare_ulids(written, highest_key) > 0) highest_key = written;
  }
  return { bytes: cursor.offset, last_key, highest_key, damaged_entries: damaged_offsets.length };
}

function sync_file(path: string): void {
  const file = openSync(path, "r+");
  try {
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
