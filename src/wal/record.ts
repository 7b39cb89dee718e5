import { crc32 } from "node:zlib";
import { add_to_ulid, type Ulid, ULID_BYTES } from "./ulid.ts";

// What a segment file is, byte by byte. Integers are little endian.
//
//   header   magic (8 bytes), version (4), start key (16), previous segment's start key (16) and bytes (4), CRC-32 (4)
//   record   magic (4), body bytes (4), span count (4), body's CRC-32 (4), first key (16), synced bytes (4),
//            CRC-32 of the segment's start key and all before it (4), body
//   record   ...

export const SEGMENT_HEADER_BYTES = 52;
export const RECORD_HEADER_BYTES = 40;
export const SEGMENT_VERSION = 1;

const SEGMENT_MAGIC = Buffer.from("JUNJOWAL");
const SEGMENT_CRC_AT = SEGMENT_HEADER_BYTES - 4;
/** No text begins so: 0xff is in no UTF-8. */
export const RECORD_MAGIC = Buffer.of(0xff, 0x4a, 0x57, 0x52);
const RECORD_CRC_AT = RECORD_HEADER_BYTES - 4;

/** A segment, and how much of it counts: what was on disk when another was begun after it. */
export type SegmentExtent = { start_key: Ulid; bytes: number };

export type SegmentHeader = { version: number; previous: SegmentExtent };

export type RecordHeader = {
  first_key: Ulid;
  last_key: Ulid;
  span_count: number;
  body_bytes: number;
  body_crc: number;
  /** How much of the file was known to be on disk when the record was written. */
  synced_bytes: number;
};

export type NewRecord = { first_key: Ulid; span_count: number; body: Uint8Array };

export function segment_header(start_key: Ulid, previous: SegmentExtent): Buffer {
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  bytes.set(SEGMENT_MAGIC);
  bytes.writeUInt32LE(SEGMENT_VERSION, 8);
  bytes.set(start_key, 12);
  bytes.set(previous.start_key, 28);
  bytes.writeUInt32LE(previous.bytes, 44);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, SEGMENT_CRC_AT)), SEGMENT_CRC_AT);
  return bytes;
}

/** Null: these are not the bytes of a segment's header. */
export function parse_segment_header(bytes: Buffer): SegmentHeader | null {
  if (bytes.length < SEGMENT_HEADER_BYTES || !bytes.subarray(0, SEGMENT_MAGIC.length).equals(SEGMENT_MAGIC))
    return null;
  if (bytes.readUInt32LE(SEGMENT_CRC_AT) !== crc32(bytes.subarray(0, SEGMENT_CRC_AT))) return null;
  const start_key = Uint8Array.from(bytes.subarray(28, 44));
  return { version: bytes.readUInt32LE(8), previous: { start_key, bytes: bytes.readUInt32LE(44) } };
}

/** What the CRC of a segment's record headers begins with: bytes of another segment are never taken for a record. */
export const record_seed = (segment_start_key: Ulid): number => crc32(segment_start_key);

/** The headers of records that are written together, one behind the other. */
export function record_headers(records: readonly NewRecord[], synced_bytes: number, seed: number): Buffer {
  const bytes = Buffer.allocUnsafe(records.length * RECORD_HEADER_BYTES);
  for (const [index, { first_key, span_count, body }] of records.entries()) {
    const header = bytes.subarray(index * RECORD_HEADER_BYTES, (index + 1) * RECORD_HEADER_BYTES);
    header.set(RECORD_MAGIC);
    header.writeUInt32LE(body.length, 4);
    header.writeUInt32LE(span_count, 8);
    header.writeUInt32LE(crc32(body), 12);
    header.set(first_key, 16);
    header.writeUInt32LE(synced_bytes, 32);
    header.writeUInt32LE(crc32(header.subarray(0, RECORD_CRC_AT), seed), RECORD_CRC_AT);
  }
  return bytes;
}

/** Null: these are not the bytes of a record's header. */
export function parse_record_header(bytes: Buffer, seed: number): RecordHeader | null {
  if (bytes.length < RECORD_HEADER_BYTES || !bytes.subarray(0, RECORD_MAGIC.length).equals(RECORD_MAGIC)) return null;
  if (bytes.readUInt32LE(RECORD_CRC_AT) !== crc32(bytes.subarray(0, RECORD_CRC_AT), seed)) return null;
  const span_count = bytes.readUInt32LE(8);
  if (span_count === 0) return null;
  const first_key = Uint8Array.from(bytes.subarray(16, 16 + ULID_BYTES));
  return {
    first_key,
    last_key: add_to_ulid(first_key, span_count - 1),
    span_count,
    body_bytes: bytes.readUInt32LE(4),
    body_crc: bytes.readUInt32LE(12),
    synced_bytes: bytes.readUInt32LE(32),
  };
}

/** What a record takes in its file. */
export const record_bytes = (body_bytes: number): number => RECORD_HEADER_BYTES + body_bytes;
