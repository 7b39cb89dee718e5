import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { column_indexes, PATCH_COLUMNS, ALL_SPAN_COLUMNS } from "../../../decode/index.ts";
import { ParquetWriter, type Slices, type WrittenColumn } from "../../parquet/index.ts";
import { hash_span, hash_trace, new_key_hash } from "../keys/key-hash.ts";
import { filter_bytes, SegmentKeys } from "../keys/key-index.ts";
import { figures_of } from "./figures.ts";
import { RowIndexBuilder } from "./row-index.ts";
import { mark_rows, patch_order, type RowKeys, type RowMarks, segment_order, text_at } from "./row-order.ts";
import { FILTER_FILE, PATCHES_FILE, ROWS_FILE, SPANS_FILE } from "./segment-files.ts";
import type { WrittenRows } from "./written-rows.ts";

const { trace_id, span_id, service_name, is_llm, derived_patch_count } = column_indexes(ALL_SPAN_COLUMNS);

const MARK_COLUMNS: readonly WrittenColumn[] = [
  { name: "is_listed", kind: "boolean" },
  { name: "trace_has_llm", kind: "boolean" },
];

/**
 * Groups are large: what a file says of each of 42 columns of a group has to be read before any of its rows. Pages are
 * small: they are read for one row. Of most columns higher levels of zstd make no less than level 1, or more.
 */
const PARQUET_OPTIONS = { group_rows: 16_384, zstd_level: 1, pages: { rows: 1024, text_bytes: 640 * 1024 } };
/** Of rows that are listed: few and large, and read most. */
const LISTED_PAGES = { rows: 1024, text_bytes: 32 * 1024 };
/** Texts of many words. Of attributes, two thirds of all bytes, level 1 makes 30 more a span, and level 2 three. */
const ZSTD_LEVELS = new Map([
  ["attributes_json", 3],
  ["junjo_wf_state_start", 3],
  ["junjo_wf_state_end", 3],
]);

const COLUMNS: readonly WrittenColumn[] = [...ALL_SPAN_COLUMNS, ...MARK_COLUMNS].map(({ name, kind }) => ({
  name,
  kind,
  zstd_level: ZSTD_LEVELS.get(name),
}));

/** The cells of a column, by its place, at some rows. */
export type RowCells = (column: number, rows: Uint32Array) => Slices;

export type SegmentRows = {
  keys: RowKeys;
  span_count: number;
  /** Of the patches that can't be derived from spans. */
  patch_rows: readonly number[];
  /** Rows have the numbers that they have in `keys`. */
  spans: RowCells;
  patches: RowCells;
};

/**
 * Writes rows as the files of a segment, which are durable when this returns. There is at least one span. Blocks for some
 * µs a row: it is for a thread of its own. Throws what the system says.
 */
export function write_rows(
  { keys, span_count, patch_rows, spans, patches }: SegmentRows,
  directory: string,
): WrittenRows {
  const marks = mark_rows(keys, span_count);
  const order = segment_order(keys, span_count, marks);
  const listed_count = marks.is_listed.reduce((sum, mark) => sum + mark, 0);
  const mark_cells = [marks.is_listed, marks.trace_has_llm];
  const span_cells: RowCells = (column, rows) =>
    column < ALL_SPAN_COLUMNS.length
      ? spans(column, rows)
      : in_memory(mark_cells[column - ALL_SPAN_COLUMNS.length], rows);

  const span_keys = keys_of_rows(keys, span_count);
  const index = row_index(keys, order, listed_count);
  const files = [
    write_parquet(directory, SPANS_FILE, COLUMNS, (writer) => {
      writer.add_rows(span_cells, order.subarray(0, listed_count), LISTED_PAGES);
      writer.add_rows(span_cells, order.subarray(listed_count));
    }),
    write_parquet(directory, PATCHES_FILE, PATCH_COLUMNS, (writer) =>
      writer.add_rows(patches, patch_order(keys, patch_rows)),
    ),
    write_file(directory, FILTER_FILE, filter_bytes(span_keys)),
    write_file(directory, ROWS_FILE, index),
  ];
  return {
    ...figures_of(keys, span_count, marks),
    span_count,
    patch_count: patch_rows.length + derived_patches(keys, span_count),
    trace_count: span_keys.traces.size,
    files,
  };
}

function derived_patches({ spans }: RowKeys, span_count: number): number {
  let sum = 0;
  for (let row = 0; row < span_count; row++) sum += Number(spans.fixed[derived_patch_count][row]);
  return sum;
}

const in_memory =
  (cells: RowMarks["is_listed"], rows: Uint32Array): Slices =>
  () => [{ cells, rows }];

function keys_of_rows({ spans, text }: RowKeys, count: number): SegmentKeys {
  const keys = new SegmentKeys();
  const hash = new_key_hash();
  for (let row = 0; row < count; row++) {
    const trace_at = spans.offsets[trace_id][row];
    keys.traces.add(hash_trace(text, trace_at, hash));
    if (spans.fixed[is_llm][row] === 1) keys.llm_traces.add(hash);
    keys.spans.add(hash_span(text, trace_at, spans.offsets[span_id][row], hash));
  }
  return keys;
}

function row_index(keys: RowKeys, order: Uint32Array, listed_count: number): Uint8Array {
  const builder = new RowIndexBuilder();
  const hash = new_key_hash();
  let trace_number = -1;
  for (let place = 0; place < order.length; place++) {
    const row = order[place];
    // Neighbours are of one trace.
    if (keys.trace_numbers[row] !== trace_number) hash_trace(keys.text, keys.spans.offsets[trace_id][row], hash);
    trace_number = keys.trace_numbers[row];
    if (place < listed_count) builder.add_listed(hash, text_at(keys, service_name, row).toString());
    else builder.add(hash);
  }
  return builder.index.bytes;
}

type WrittenFile = WrittenRows["files"][number];

function write_parquet(
  directory: string,
  name: string,
  columns: readonly WrittenColumn[],
  add_rows: (writer: ParquetWriter) => void,
): WrittenFile {
  using writer = new ParquetWriter(join(directory, name), columns, PARQUET_OPTIONS);
  add_rows(writer);
  return { name, ...writer.finish() };
}

function write_file(directory: string, name: string, content: Uint8Array): WrittenFile {
  const descriptor = openSync(join(directory, name), "w");
  try {
    for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return { name, bytes: content.length, crc32: crc32(content) };
}
