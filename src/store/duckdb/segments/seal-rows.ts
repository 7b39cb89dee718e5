import type { ColumnCells } from "../../parquet/index.ts";
import type { HotColumns, HotMemory } from "../hot/hot-memory.ts";
import { type RowCells, type RowCounts, write_rows } from "./write-rows.ts";
import type { WrittenRows } from "./written-rows.ts";

/** Writes the rows of a generation as the files of a segment: see write_rows. */
export function seal_rows(memory: HotMemory, counts: RowCounts, directory: string): WrittenRows {
  const spans = cells_of(memory.spans, memory.text);
  const patches = cells_of(memory.patches, memory.text);
  return write_rows({ keys: memory, counts, spans, patches }, directory);
}

function cells_of({ columns, offsets, lengths, fixed }: HotColumns, bytes: Uint8Array): RowCells {
  const by_column = columns.map((_, column): ColumnCells =>
    offsets[column].length > 0 ? { bytes, offsets: offsets[column], lengths: lengths[column] } : fixed[column],
  );
  return (column, rows) => () => [{ cells: by_column[column], rows }];
}
