/**
 * The durable queue between the receivers and the store: a directory of segment files, in which a record is one accepted
 * request. docs/adr/0007 has the reasons, record.ts the bytes.
 *
 * `open_wal` is the writing side, `open_wal_reader` the reading side, `serve_read_spans` the same for readers on other
 * machines. Each span of a request has a key of its own without being split on the way in: `split_request` gives the
 * spans in the order of their keys, the first of which is the entry's `first_key`.
 */
export { open_wal, type WalOptions } from "./group-commit-wal.ts";
export { DURABLE_KEY_METADATA, READ_SPANS_PATH, type ReadSpansOptions, serve_read_spans } from "./read-spans.ts";
export { type SpanParts, split_request } from "./split-request.ts";
export { ReadMemory } from "./read-memory.ts";
export { open_wal_reader } from "./segment-reader.ts";
export { queue_files } from "./segments.ts";
export { is_whole as is_whole_sqlite_row, type SqliteRow, sqlite_queue_path } from "./sqlite-queue.ts";
export { type Wal, type WalEntry, WalError, type WalErrorCode, type WalReader } from "./types.ts";
export {
  add_to_ulid,
  compare_ulids,
  type Ulid,
  ulid_distance,
  ulid_time_ms,
  ulid_to_text,
  ULID_BYTES,
} from "./ulid.ts";
