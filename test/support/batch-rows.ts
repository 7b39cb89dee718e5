import type { ColumnBatch, DecodedBatch } from "../../src/decode/index.ts";
import { parse_exact } from "./exact-json.ts";

export type BatchRow = Record<string, unknown>;

/** The rows of one table of a decoded batch: JSON parsed (large integers as bigint), times as microseconds in bigint. */
export function batch_rows(batch: DecodedBatch, table: ColumnBatch): BatchRow[] {
  return Array.from({ length: table.row_count }, (_, row) =>
    Object.fromEntries(table.columns.map(({ name }, column) => [name, cell(batch, table, column, row)])),
  );
}

function cell(batch: DecodedBatch, table: ColumnBatch, column: number, row: number): unknown {
  const { kind } = table.columns[column];
  if (kind === "boolean") return table.fixed[column][row] === 1;
  if (kind !== "text" && kind !== "json") return table.fixed[column][row];
  if (table.is_null(column, row)) return null;
  const start = table.offsets[column][row];
  const text = new TextDecoder("utf-8", { fatal: true }).decode(
    batch.heap.bytes.subarray(start, start + table.lengths[column][row]),
  );
  return kind === "json" ? parse_exact(text) : text;
}
