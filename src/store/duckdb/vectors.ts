// Columns to DuckDB vectors, without a JavaScript value for each cell. The layouts are DuckDB's own: fixed-width values
// side by side; text as 16-byte string_t (length, then up to 12 bytes in place, else 4 bytes of prefix and a pointer);
// validity as one bit a row. Appending a chunk copies what it points to, so the text may be overwritten afterwards.
import { BOOLEAN, DuckDBDataChunk, type DuckDBType, INTEGER, TIMESTAMPTZ, UINTEGER, VARCHAR } from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";
import { ptr } from "bun:ffi";
import type { Column, ColumnKind } from "../../decode/index.ts";
import type { HotColumns } from "./hot/hot-memory.ts";

/** Rows in one DuckDB vector. */
const VECTOR_ROWS = 2048;
const STRING_BYTES = 16;
const INLINED_BYTES_MAX = 12;
const PREFIX_BYTES = 4;
const TWO_TO_32 = 4_294_967_296;

const TYPES: Record<ColumnKind, DuckDBType> = {
  text: VARCHAR,
  json: VARCHAR,
  timestamp_us: TIMESTAMPTZ,
  int32: INTEGER,
  uint32: UINTEGER,
  boolean: BOOLEAN,
};

const strings = new ArrayBuffer(VECTOR_ROWS * STRING_BYTES);
const string_words = new Uint32Array(strings);
const string_bytes = new Uint8Array(strings);
const validity = new Uint8Array(VECTOR_ROWS / 8);

/**
 * Gives rows `start` to `end` to `append`, at most a vector's worth at a time, in order: the columns of a table, which are
 * the first ones of the rows. Texts lie in `text`.
 */
export function append_vectors(
  columns: readonly Column[],
  rows: HotColumns,
  text: Uint8Array,
  start: number,
  end: number,
  append: (chunk: DuckDBDataChunk) => void,
): void {
  const types = columns.map(({ kind }) => TYPES[kind]);
  for (let first = start; first < end; first += VECTOR_ROWS) {
    const count = Math.min(VECTOR_ROWS, end - first);
    const chunk = DuckDBDataChunk.create(types, count);
    for (const [index, column] of columns.entries()) {
      const vector = duckdb.data_chunk_get_vector(chunk.chunk, index);
      if (is_text(column)) write_text(vector, rows, index, text, first, count);
      else write_fixed(vector, rows, index, first, count);
    }
    append(chunk);
  }
}

const is_text = ({ kind }: Column): boolean => kind === "text" || kind === "json";

function write_fixed(vector: duckdb.Vector, rows: HotColumns, column: number, first: number, count: number): void {
  // A copy: the binding takes no memory that is shared.
  const cells = new Uint8Array(rows.fixed[column].slice(first, first + count).buffer);
  duckdb.copy_data_to_vector(vector, 0, cells.buffer, 0, cells.length);
}

function write_text(
  vector: duckdb.Vector,
  rows: HotColumns,
  column: number,
  text: Uint8Array,
  first: number,
  count: number,
): void {
  const offsets = rows.offsets[column];
  const lengths = rows.lengths[column];
  const text_address = ptr(text);
  let null_count = 0;
  for (let i = 0; i < count; i++) {
    const length = lengths[first + i];
    if (length < 0) null_count++;
    put_string(i, text, text_address, offsets[first + i], Math.max(length, 0));
  }
  duckdb.copy_data_to_vector(vector, 0, strings, 0, count * STRING_BYTES);
  if (null_count > 0) write_nulls(vector, lengths, first, count);
}

function put_string(index: number, bytes: Uint8Array, text_address: number, offset: number, length: number): void {
  const word = index * 4;
  const content = index * STRING_BYTES + PREFIX_BYTES;
  string_words[word] = length;
  string_words[word + 1] = 0;
  if (length <= INLINED_BYTES_MAX) {
    string_words[word + 2] = 0;
    string_words[word + 3] = 0;
    for (let i = 0; i < length; i++) string_bytes[content + i] = bytes[offset + i];
    return;
  }
  for (let i = 0; i < PREFIX_BYTES; i++) string_bytes[content + i] = bytes[offset + i];
  const address = text_address + offset;
  string_words[word + 2] = address % TWO_TO_32;
  string_words[word + 3] = Math.floor(address / TWO_TO_32);
}

function write_nulls(vector: duckdb.Vector, lengths: Int32Array, first: number, count: number): void {
  validity.fill(0xff);
  for (let i = 0; i < count; i++) if (lengths[first + i] < 0) validity[i >> 3] &= ~(1 << (i & 7));
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(vector, 0, validity.buffer, 0, validity.length);
}
