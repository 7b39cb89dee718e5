import { crc32 } from "node:zlib";
import { FilePieces } from "./file-pieces.ts";
import {
  parse_record_header,
  RECORD_HEADER_BYTES,
  RECORD_MAGIC,
  type RecordHeader,
  record_seed,
  SEGMENT_HEADER_BYTES,
} from "./record.ts";
import type { Segment } from "./segments.ts";
import type { WalEntry } from "./types.ts";
import { add_to_ulid, compare_ulids, type Ulid } from "./ulid.ts";

/** Where a record begins, and the lowest key that it may have. */
export type Place = { offset: number; next_key: Ulid };

export const first_place = ({ start_key }: Segment): Place => ({ offset: SEGMENT_HEADER_BYTES, next_key: start_key });

/** What comes next in a segment: a record, or bytes that once were records and are none any more. */
export type Item = {
  first_key: Ulid;
  last_key: Ulid;
  span_count: number;
  body_offset: number;
  body_bytes: number;
  /** Null: there is no header to say it. */
  body_crc: number | null;
};

/**
 * Walks the records of one segment file, while another thread or process may be writing behind the last of them.
 *
 * Bytes that are not a record are one of two things. Where they were on disk once, as a record behind them or the next
 * segment says, they are damage: one item with a key that is free, up to the next record. Else they are a write that is
 * under way or was torn, in which nothing was acknowledged: the segment ends there.
 */
export class SegmentCursor implements Disposable {
  offset: number;
  next_key: Ulid;
  private readonly pieces: FilePieces;
  private readonly seed: number;
  private sealed_bytes = Infinity;
  is_sealed = false;

  constructor(
    readonly segment: Segment,
    { offset, next_key }: Place = first_place(segment),
    allocate?: (bytes: number) => Buffer<ArrayBuffer>,
  ) {
    this.offset = offset;
    this.next_key = next_key;
    this.pieces = new FilePieces(segment.path, allocate);
    this.seed = record_seed(segment.start_key);
  }

  /** The segment does not grow any more: it ends at `bytes`, and all before that was on disk. Undefined: nobody knows. */
  seal(bytes: number | undefined): void {
    this.is_sealed = true;
    this.sealed_bytes = bytes ?? Infinity;
    this.pieces.forget();
  }

  /** What lies at the cursor; null: nothing yet, or nothing any more. */
  peek(): Item | null {
    const { offset } = this;
    if (offset >= this.sealed_bytes) return null;
    let header = this.header_at(offset);
    if (header === null) {
      if (this.sealed_bytes === Infinity && this.pieces.read(offset, 1).length === 0) return null;
      // It may have been read while it was being written.
      this.pieces.forget();
      header = this.header_at(offset);
    }
    return header === null ? this.damaged_region() : item_of(header, offset);
  }

  /** Goes behind an item. */
  skip(item: Item): void {
    this.offset = item.body_offset + item.body_bytes;
    this.next_key = add_to_ulid(item.last_key, 1);
  }

  /** Reads an item and goes behind it; null where it is not written to its end yet, or was torn. */
  take(item: Item): WalEntry | null {
    const body = this.body_of(item);
    const is_damaged = !is_whole(item, body);
    if (is_damaged && !this.was_synced(item)) return null;
    this.skip(item);
    const { first_key, last_key, span_count } = item;
    return { first_key, last_key, span_count, body, is_damaged };
  }

  /** The highest key of any record from here on, torn ones too; null: there is none. */
  highest_key_behind(): Ulid | null {
    let highest: Ulid | null = null;
    for (const { header } of this.records_from(this.offset)) highest = header.last_key;
    return highest;
  }

  [Symbol.dispose](): void {
    this.pieces[Symbol.dispose]();
  }

  private body_of(item: Item): Buffer {
    const body = this.pieces.read(item.body_offset, item.body_bytes);
    if (is_whole(item, body)) return body;
    this.pieces.forget();
    return this.pieces.read(item.body_offset, item.body_bytes);
  }

  private was_synced({ body_offset, body_bytes, body_crc }: Item): boolean {
    if (body_crc === null || this.sealed_bytes !== Infinity) return true;
    return this.evidence_from(body_offset + body_bytes).synced_bytes > body_offset;
  }

  private damaged_region(): Item | null {
    const { offset, next_key } = this;
    const { next_record, synced_bytes } = this.evidence_from(offset);
    const end = next_record ?? this.sealed_bytes;
    if (this.sealed_bytes === Infinity && synced_bytes <= offset) return null;
    return {
      first_key: next_key,
      last_key: next_key,
      span_count: 1,
      body_offset: offset,
      body_bytes: end - offset,
      body_crc: null,
    };
  }

  /** The first record from `offset` on, and how much of the file the records from there on say was on disk. */
  private evidence_from(offset: number): { next_record: number | undefined; synced_bytes: number } {
    let next_record: number | undefined;
    let synced_bytes = 0;
    for (const { at, header } of this.records_from(offset)) {
      next_record ??= at;
      synced_bytes = Math.max(synced_bytes, header.synced_bytes);
    }
    return { next_record, synced_bytes };
  }

  /** Every record header from `offset` on, wherever it is. */
  private *records_from(offset: number): Generator<{ at: number; header: RecordHeader }> {
    let lowest_key = this.next_key;
    let at: number | null = offset;
    while (at !== null) {
      const header = this.header_at(at, lowest_key);
      if (header === null) {
        at = this.next_magic(at + 1);
        continue;
      }
      yield { at, header };
      lowest_key = add_to_ulid(header.last_key, 1);
      at += RECORD_HEADER_BYTES + header.body_bytes;
    }
  }

  private next_magic(offset: number): number | null {
    let at = offset;
    while (at < this.sealed_bytes) {
      const piece = this.pieces.read_all(at, RECORD_HEADER_BYTES);
      if (piece.length < RECORD_HEADER_BYTES) return null;
      const found = piece.indexOf(RECORD_MAGIC);
      if (found !== -1) return at + found;
      at += piece.length - RECORD_MAGIC.length + 1;
    }
    return null;
  }

  /** The header there, unless it is not one that can be: keys rise, and a record ends before its segment does. */
  private header_at(offset: number, lowest_key = this.next_key): RecordHeader | null {
    const header = parse_record_header(this.pieces.read(offset, RECORD_HEADER_BYTES), this.seed);
    if (header === null || compare_ulids(header.first_key, lowest_key) < 0) return null;
    return offset + RECORD_HEADER_BYTES + header.body_bytes > this.sealed_bytes ? null : header;
  }
}

const item_of = ({ first_key, last_key, span_count, body_bytes, body_crc }: RecordHeader, offset: number): Item => ({
  first_key,
  last_key,
  span_count,
  body_offset: offset + RECORD_HEADER_BYTES,
  body_bytes,
  body_crc,
});

const is_whole = ({ body_bytes, body_crc }: Item, body: Buffer): boolean =>
  body.length === body_bytes && crc32(body) === body_crc;
