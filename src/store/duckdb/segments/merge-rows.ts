import { column_indexes, PATCH_COLUMNS, ALL_SPAN_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import { ByteSink, ParquetScan } from "../../parquet/index.ts";
import type { HotColumns } from "../hot/hot-memory.ts";
import { hash_trace, new_key_hash } from "../keys/key-hash.ts";
import { KeySet } from "../keys/key-set.ts";
import { MergedRows } from "./merged-rows.ts";
import { write_rows } from "./write-rows.ts";
import type { WrittenRows } from "./written-rows.ts";

const { trace_id } = column_indexes(SPAN_COLUMNS);

/** What rows are sorted, marked and counted by. */
const SPAN_KEYS = [
  "trace_id",
  "span_id",
  "parent_span_id",
  "service_name",
  "start_time",
  "junjo_span_type",
  "is_llm",
  "derived_patch_count",
];
const PATCH_KEYS = ["trace_id", "span_id", "patch_id"];

export type MergeInput = { spans_path: string; patches_path: string };

/**
 * Writes the rows of several segments as the files of one, but for those of one trace: see write_rows. Null, and nothing is
 * written, when no span is left. Takes about 200 bytes a row in memory, and a page of each file.
 */
export function merge_rows(
  inputs: readonly MergeInput[],
  except_trace_id: string | null,
  directory: string,
): WrittenRows | null {
  using files = new DisposableStack();
  const open = (path: string) => files.use(new ParquetScan(path));
  const span_files = inputs.map(({ spans_path }) => open(spans_path));
  const patch_files = inputs.map(({ patches_path }) => open(patches_path));
  const heap = new ByteSink();
  const spans = new MergedRows(ALL_SPAN_COLUMNS, span_files, SPAN_KEYS, except_trace_id, heap);
  if (spans.row_count === 0) return null;
  const patches = new MergedRows(PATCH_COLUMNS, patch_files, PATCH_KEYS, except_trace_id, heap);
  const text = heap.content;
  const keys = { spans: spans.keys, patches: patches.keys, text, trace_numbers: trace_numbers(spans.keys, text) };
  // Those that could be derived are in no file.
  const patch_rows = Array.from({ length: patches.row_count }, (_, row) => row);
  return write_rows(
    { keys, span_count: spans.row_count, patch_rows, spans: spans.cells, patches: patches.cells },
    directory,
  );
}

/** By row: which of the traces it belongs to. */
function trace_numbers({ offsets }: HotColumns, text: Uint8Array): Uint32Array {
  const traces = new KeySet();
  const hash = new_key_hash();
  return offsets[trace_id].map((at) => traces.add(hash_trace(text, at, hash)));
}
