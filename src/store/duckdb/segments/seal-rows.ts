import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { column_indexes, PATCH_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import { type ColumnCells, ParquetWriter, type WrittenColumn } from "../../parquet/index.ts";
import type { HotColumns, HotMemory } from "../hot/hot-memory.ts";
import { hash_span, hash_trace, new_key_hash } from "../keys/key-hash.ts";
import { filter_bytes, SegmentKeys } from "../keys/key-index.ts";
import { figures_of } from "./figures.ts";
import { mark_rows, segment_order } from "./row-order.ts";
import { FILTER_FILE, PATCHES_FILE, SPANS_FILE } from "./segment-files.ts";
import type { WrittenRows } from "./written-rows.ts";

const { trace_id, span_id, is_llm } = column_indexes(SPAN_COLUMNS);
const PATCH_KEY = (["trace_id", "span_id", "patch_id"] as const).map((name) => column_indexes(PATCH_COLUMNS)[name]);

const MARK_COLUMNS: readonly WrittenColumn[] = [
  { name: "is_listed", kind: "boolean" },
  { name: "trace_has_llm", kind: "boolean" },
];

/**
 * Larger groups take less room and cost more to get one row out of. Level 2 of zstd takes 0.7 µs a span less than level
 * 3, and 2 bytes more; level 1 takes 30 more.
 */
const PARQUET_OPTIONS = { group_rows: 2048, zstd_level: 2, bounds_of: ["trace_id", "service_name"] };
/** Of rows that are listed: few and large, and read most. */
const LISTED_GROUP_ROWS = 1024;

export type RowCounts = { spans: number; patches: number };

/**
 * Writes the rows of a generation as the files of a segment, which are durable when this returns. Blocks for some µs a
 * row: it is for a thread of its own. Throws what the system says.
 */
export function seal_rows(memory: HotMemory, counts: RowCounts, directory: string): WrittenRows {
  const marks = mark_rows(memory, counts.spans);
  const order = segment_order(memory, counts.spans, marks);
  const span_cells = [...cells_of(memory.spans, memory.text), marks.is_listed, marks.trace_has_llm];
  const listed_count = marks.is_listed.reduce((sum, mark) => sum + mark, 0);
  const spans = write_parquet(join(directory, SPANS_FILE), [...SPAN_COLUMNS, ...MARK_COLUMNS], (writer) => {
    writer.add_rows(span_cells, order.subarray(0, listed_count), LISTED_GROUP_ROWS);
    writer.add_rows(span_cells, order.subarray(listed_count));
  });
  const patches = write_parquet(join(directory, PATCHES_FILE), PATCH_COLUMNS, (writer) =>
    writer.add_rows(cells_of(memory.patches, memory.text), patch_order(memory, counts.patches)),
  );
  const keys = keys_of_rows(memory, counts.spans);
  const filter = write_file(join(directory, FILTER_FILE), filter_bytes(keys));
  return {
    ...figures_of(memory, counts.spans, marks),
    span_count: counts.spans,
    patch_count: counts.patches,
    trace_count: keys.traces.size,
    files: [
      { name: SPANS_FILE, ...spans },
      { name: PATCHES_FILE, ...patches },
      { name: FILTER_FILE, ...filter },
    ],
  };
}

type WrittenFile = { bytes: number; crc32: number };

function write_parquet(
  path: string,
  columns: readonly WrittenColumn[],
  add_rows: (writer: ParquetWriter) => void,
): WrittenFile {
  using writer = new ParquetWriter(path, columns, PARQUET_OPTIONS);
  add_rows(writer);
  return writer.finish();
}

const cells_of = (rows: HotColumns, bytes: Uint8Array): ColumnCells[] =>
  rows.columns.map((_, column) =>
    rows.offsets[column].length > 0
      ? { bytes, offsets: rows.offsets[column], lengths: rows.lengths[column] }
      : rows.fixed[column],
  );

/** By span. */
function patch_order({ patches, text }: HotMemory, count: number): Uint32Array {
  const key_of = (row: number) =>
    PATCH_KEY.map((column) => {
      const at = text.byteOffset + patches.offsets[column][row];
      return Buffer.from(text.buffer, at, patches.lengths[column][row]).toString("latin1");
    }).join("");
  const keys: string[] = [];
  const rows = new Uint32Array(count);
  for (let row = 0; row < count; row++) {
    keys.push(key_of(row));
    rows[row] = row;
  }
  return rows.sort((a, b) => (keys[a] < keys[b] ? -1 : Number(keys[a] > keys[b])));
}

function keys_of_rows({ spans, text }: HotMemory, count: number): SegmentKeys {
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

function write_file(path: string, content: Uint8Array): WrittenFile {
  const descriptor = openSync(path, "w");
  try {
    for (let at = 0; at < content.length;) at += writeSync(descriptor, content, at);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  return { bytes: content.length, crc32: crc32(content) };
}
