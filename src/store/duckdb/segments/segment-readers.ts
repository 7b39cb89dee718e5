import { PageCache } from "../../parquet/index.ts";
import { StoreError } from "../../types.ts";
import type { Segment } from "./segment.ts";
import { SegmentReader } from "./segment-reader.ts";

/** Open files: each takes a handle and some 20 kB for its footer. */
const OPEN_MAX = 512;
/** Pages of all files that were read last, decompressed, and where pages are. */
const CACHE_BYTES = 32 * 1024 * 1024;

type Entry = { reader: Promise<SegmentReader>; user_count: number; is_dropped: boolean };

/** Readers of segments, the ones used last kept open. */
export class SegmentReaders implements AsyncDisposable {
  /** By segment, the one used last at the end. */
  private readonly entries = new Map<string, Entry>();
  private readonly cache = new PageCache(CACHE_BYTES);
  private readonly closing = new Set<Promise<void>>();
  private is_closed = false;

  /** Rejects with what the file or the system say, and once it is disposed of. */
  async use<Result>(segment: Segment, work: (reader: SegmentReader) => Promise<Result>): Promise<Result> {
    if (this.is_closed) throw new StoreError("closed", "the store is closed");
    const entry = this.entry_of(segment);
    entry.user_count++;
    try {
      return await work(await entry.reader);
    } catch (error) {
      // It may be the file: the next one opens it anew.
      this.drop(segment.id);
      throw error;
    } finally {
      entry.user_count--;
      if (entry.is_dropped) this.close_unused(entry);
    }
  }

  /** To be called when the segment's files are about to go. */
  drop(segment_id: string): void {
    const entry = this.entries.get(segment_id);
    if (entry === undefined) return;
    this.entries.delete(segment_id);
    entry.is_dropped = true;
    this.close_unused(entry);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.is_closed = true;
    for (const segment_id of this.entries.keys()) this.drop(segment_id);
    await Promise.all(this.closing);
  }

  private entry_of(segment: Segment): Entry {
    const known = this.entries.get(segment.id);
    this.entries.delete(segment.id);
    const entry = known ?? { reader: SegmentReader.open(segment, this.cache), user_count: 0, is_dropped: false };
    this.entries.set(segment.id, entry);
    const [oldest] = this.entries.keys();
    if (this.entries.size > OPEN_MAX && oldest !== undefined) this.drop(oldest);
    return entry;
  }

  private close_unused({ user_count, reader }: Entry): void {
    if (user_count > 0) return;
    const closed = reader.then(
      (opened) => opened[Symbol.asyncDispose](),
      // One that could not be opened has told whoever asked.
      () => undefined,
    );
    this.closing.add(closed);
    void closed.finally(() => this.closing.delete(closed));
  }
}
