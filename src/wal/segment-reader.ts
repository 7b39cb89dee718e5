import type { ReadMemory } from "./read-memory.ts";
import { type Place, SegmentCursor } from "./segment-cursor.ts";
import { list_segments, sealed_bytes, type Segment } from "./segments.ts";
import { WalError, type WalEntry, type WalReader } from "./types.ts";
import { add_to_ulid, compare_ulids, type Ulid } from "./ulid.ts";

/** A place is remembered this often, so that going back to a key means reading no more than that. */
const POINT_INTERVAL_BYTES = 1024 * 1024;

type Limits = { span_count_max: number; bytes_max: number };
/** Where to go on after the entry that ends with `after`. */
type Resumption = { after: Ulid; segment: Segment; place: Place };

/**
 * Opens the queue for reading. There must be one. With `memory` the bodies that a read gives are good until the next read.
 * Throws WalError `cannot_open`.
 */
export function open_wal_reader(directory: string, memory?: ReadMemory): WalReader {
  if (!is_queue(directory)) throw new WalError("cannot_open", `there is no queue to read in ${directory}`);
  return new SegmentReader(directory, memory);
}

const is_queue = (directory: string): boolean => {
  try {
    return list_segments(directory).length > 0;
  } catch (cause) {
    throw new WalError("cannot_open", `cannot read the queue ${directory}`, { cause });
  }
};

/** Between two reads it keeps no file open, so that the space of a segment that is trimmed comes back at once. */
class SegmentReader implements WalReader {
  private resumption: Resumption | null = null;
  /** Places in the segments that were walked, by path. */
  private readonly points = new Map<string, Place[]>();

  constructor(
    private readonly directory: string,
    private readonly memory: ReadMemory | undefined,
  ) {}

  read(after: Ulid | null, limits: Limits): WalEntry[] {
    this.memory?.take_back();
    try {
      const entries = this.read_from(this.begin(after), after, limits);
      if (entries.length === 0) this.memory?.rest();
      return entries;
    } catch (cause) {
      throw new WalError("read_failed", `the queue could not be read: ${String(cause)}`, { cause });
    }
  }

  [Symbol.dispose](): void {
    this.points.clear();
  }

  private read_from(begun: SegmentCursor | null, after: Ulid | null, limits: Limits): WalEntry[] {
    const entries: WalEntry[] = [];
    let spans_left = limits.span_count_max;
    let bytes_left = limits.bytes_max;
    let cursor = begun;
    try {
      while (cursor !== null) {
        this.note_point(cursor);
        const item = cursor.peek();
        if (item !== null && after !== null && compare_ulids(item.last_key, after) <= 0) {
          cursor.skip(item);
          continue;
        }
        const is_too_large = item !== null && (item.span_count > spans_left || item.body_bytes > bytes_left);
        if (entries.length > 0 && is_too_large) break;
        const entry = item && cursor.take(item);
        if (entry !== null) {
          entries.push(entry);
          spans_left -= entry.span_count;
          bytes_left -= entry.body.length;
          continue;
        }
        const next = this.move_on(cursor);
        if (next === null) break;
        if (next !== cursor) cursor[Symbol.dispose]();
        cursor = next;
      }
      if (cursor !== null) this.remember(entries.at(-1)?.last_key ?? after, cursor);
      return entries;
    } finally {
      cursor?.[Symbol.dispose]();
    }
  }

  private remember(after: Ulid | null, { segment, offset, next_key }: SegmentCursor): void {
    this.resumption = after === null ? null : { after, segment, place: { offset, next_key } };
  }

  /** A cursor at or not far before the first entry that holds something after `after`. Null: there is no segment. */
  private begin(after: Ulid | null): SegmentCursor | null {
    const { resumption } = this;
    if (after !== null && resumption !== null && compare_ulids(after, resumption.after) === 0) {
      const cursor = this.open_unless_gone(resumption.segment, resumption.place);
      if (cursor !== null) return cursor;
    }
    for (;;) {
      const segments = list_segments(this.directory);
      this.forget_all_but(segments);
      const wanted = after === null ? null : add_to_ulid(after, 1);
      const holder = segments.findLast(({ start_key }) => wanted !== null && compare_ulids(start_key, wanted) <= 0);
      const segment = holder ?? segments.at(0);
      if (segment === undefined) return null;
      const cursor = this.open_unless_gone(segment, this.point_before(segment, wanted));
      if (cursor !== null) return cursor;
    }
  }

  /**
   * Where to go on when nothing more was found: in the same segment once more, now that its end is known, then in the one
   * behind it. Null: there is none behind it.
   */
  private move_on(cursor: SegmentCursor): SegmentCursor | null {
    const { segment } = cursor;
    for (;;) {
      const segments = list_segments(this.directory);
      const next = segments.find(({ start_key }) => compare_ulids(start_key, segment.start_key) > 0);
      if (next === undefined) return null;
      try {
        if (cursor.is_sealed) return this.open(next);
        // A segment is begun when the last commit to the one before it has ended: that will not grow any more.
        cursor.seal(sealed_bytes(segment, next));
        return cursor;
      } catch (error) {
        if (!is_gone(error)) throw error;
      }
    }
  }

  private open(segment: Segment, place?: Place): SegmentCursor {
    return new SegmentCursor(segment, place, this.memory?.take);
  }

  /** Null: it was trimmed meanwhile. */
  private open_unless_gone(segment: Segment, place?: Place): SegmentCursor | null {
    try {
      return this.open(segment, place);
    } catch (error) {
      if (is_gone(error)) return null;
      throw error;
    }
  }

  private note_point({ segment, offset, next_key }: SegmentCursor): void {
    const points = this.points.get(segment.path) ?? [];
    if (points.length === 0) this.points.set(segment.path, points);
    const last = points.at(-1);
    if (last === undefined || offset >= last.offset + POINT_INTERVAL_BYTES) points.push({ offset, next_key });
  }

  private point_before({ path }: Segment, wanted: Ulid | null): Place | undefined {
    if (wanted === null) return undefined;
    return this.points.get(path)?.findLast(({ next_key }) => compare_ulids(next_key, wanted) <= 0);
  }

  private forget_all_but(segments: readonly Segment[]): void {
    const paths = new Set(segments.map(({ path }) => path));
    for (const path of this.points.keys()) if (!paths.has(path)) this.points.delete(path);
  }
}

const is_gone = (error: unknown): boolean => error instanceof Error && "code" in error && error.code === "ENOENT";
