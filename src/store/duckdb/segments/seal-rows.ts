import { column_indexes, PATCH_COLUMNS, ALL_SPAN_COLUMNS } from "../../../decode/index.ts";
import type { ColumnCells } from "../../parquet/index.ts";
import type { HotColumns, HotMemory } from "../hot/hot-memory.ts";
import { type RowCells, write_rows } from "./write-rows.ts";
import type { WrittenRows } from "./written-rows.ts";

const { span_id, derived_patch_count } = column_indexes(ALL_SPAN_COLUMNS);
const { span_id: patch_span_id } = column_indexes(PATCH_COLUMNS);

export type RowCounts = { spans: number; patches: number };

/** Writes the rows of a generation as the files of a segment: see write_rows. */
export function seal_rows(memory: HotMemory, counts: RowCounts, directory: string): WrittenRows {
  const spans = cells_of(memory.spans, memory.text);
  const patches = cells_of(memory.patches, memory.text);
  const patch_rows = underivable_patches(memory, counts);
  return write_rows({ keys: memory, span_count: counts.spans, patch_rows, spans, patches }, directory);
}

/** The rows of patches that their spans do not tell of. */
function underivable_patches({ spans, patches }: HotMemory, counts: RowCounts): number[] {
  // A patch's cell points to where its span's points: the text is shared.
  const derived_at = new Set<number>();
  for (let row = 0; row < counts.spans; row++) {
    if (spans.fixed[derived_patch_count][row] !== 0) derived_at.add(spans.offsets[span_id][row]);
  }
  const rows: number[] = [];
  for (let row = 0; row < counts.patches; row++) {
    if (!derived_at.has(patches.offsets[patch_span_id][row])) rows.push(row);
  }
  return rows;
}

function cells_of({ columns, offsets, lengths, fixed }: HotColumns, bytes: Uint8Array): RowCells {
  const by_column = columns.map((_, column): ColumnCells =>
    offsets[column].length > 0 ? { bytes, offsets: offsets[column], lengths: lengths[column] } : fixed[column],
  );
  return (column, rows) => () => [{ cells: by_column[column], rows }];
}
