import { rmSync } from "node:fs";
import { unlink } from "node:fs/promises";
import type { KeySource } from "./key-source.ts";
import { type NewRecord, record_bytes, SEGMENT_HEADER_BYTES, type SegmentExtent } from "./record.ts";
import { SegmentFile } from "./segment-file.ts";
import type { Segment } from "./segments.ts";
import { add_to_ulid, compare_ulids, type Ulid, ULID_BYTES } from "./ulid.ts";

/** A segment that is not written to any more. `last_key` null: it was not looked into. */
export type SealedSegment = Segment & { last_key: Ulid | null; bytes: number };

const NO_SEGMENT: SegmentExtent = { start_key: new Uint8Array(ULID_BYTES), bytes: 0 };

/** The segments of a queue, for writing: the newest is appended to, the oldest are removed once they are not needed. */
export class SegmentLog implements Disposable {
  private active: SegmentFile | null = null;

  constructor(
    private readonly directory: string,
    private readonly keys: KeySource,
    /** Oldest first. */
    private readonly sealed: SealedSegment[],
    /** What a segment holds at most, unless one record is larger. */
    private readonly segment_bytes_max: number,
  ) {}

  /** Bytes of the records that are there, with what a segment not looked into has besides. */
  get record_bytes(): number {
    const bytes = [...this.sealed, ...(this.active === null ? [] : [this.active])].map((segment) => segment.bytes);
    return bytes.reduce((sum, each) => sum + Math.max(0, each - SEGMENT_HEADER_BYTES), 0);
  }

  /** Begins a segment, on disk when this returns, with a key that tells which ones were given. */
  begin(): void {
    this.begin_bare().sync();
  }

  /** All records on disk when this returns; when it throws, none of them will ever be read. */
  append(records: readonly NewRecord[]): void {
    const bytes = records.reduce((sum, { body }) => sum + record_bytes(body.length), 0);
    if (this.active !== null && !this.active.is_empty && this.active.bytes + bytes > this.segment_bytes_max)
      this.seal();
    this.active ??= this.create(records[0].first_key);
    try {
      this.active.append(records);
    } catch (error) {
      this.give_up(this.active);
      throw error;
    }
  }

  /**
   * Removes segments whose keys are all at or below `through`, in the background, and tells `on_removed` how many bytes of
   * records went with each. When that is all there is, the newest goes too, once another is on disk to tell its keys.
   */
  async trim(through: Ulid, on_removed: (bytes: number) => void): Promise<void> {
    const last_key = this.active?.last_key ?? null;
    if (last_key !== null && compare_ulids(last_key, through) <= 0) {
      this.begin_bare();
    }
    await this.active?.sync_in_background();
    for (;;) {
      const [oldest] = this.sealed;
      if (oldest === undefined || !this.is_trimmable(oldest, through)) return;
      await unlink(oldest.path).catch(unless_gone);
      this.sealed.shift();
      on_removed(Math.max(0, oldest.bytes - SEGMENT_HEADER_BYTES));
    }
  }

  [Symbol.dispose](): void {
    this.active?.[Symbol.dispose]();
    this.active = null;
  }

  private is_trimmable({ last_key }: SealedSegment, through: Ulid): boolean {
    const next = this.sealed.at(1) ?? this.active;
    // The newest stays, to tell which keys were given.
    if (next === null) return false;
    if (last_key !== null) return compare_ulids(last_key, through) <= 0;
    return compare_ulids(next.start_key, add_to_ulid(through, 1)) <= 0;
  }

  private begin_bare(): SegmentFile {
    const next = this.create(this.keys.next(1));
    this.seal();
    this.active = next;
    return next;
  }

  private create(start_key: Ulid): SegmentFile {
    return SegmentFile.create(this.directory, start_key, this.newest_extent());
  }

  /** Of the newest in which something is: bare ones are removed, and then nobody would know how long it is. */
  private newest_extent(): SegmentExtent {
    if (this.active !== null && !this.active.is_empty) return this.active;
    return this.sealed.findLast(({ bytes }) => bytes > SEGMENT_HEADER_BYTES) ?? NO_SEGMENT;
  }

  private seal(): void {
    const { active } = this;
    if (active === null) return;
    const { start_key, path, bytes, last_key } = active;
    this.sealed.push({ start_key, path, bytes, last_key: last_key ?? start_key });
    active[Symbol.dispose]();
    this.active = null;
  }

  /**
   * After an append that failed. The file is not written to again: the kernel may have forgotten what a failed fdatasync
   * should have written, and a reader may already be behind a record that is taken back.
   */
  private give_up(active: SegmentFile): void {
    active.cut_back();
    if (!active.is_empty || active.is_synced) return this.seal();
    this.active = null;
    active[Symbol.dispose]();
    rmSync(active.path, { force: true });
  }
}

function unless_gone(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}
