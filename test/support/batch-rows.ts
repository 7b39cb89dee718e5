import type { ColumnBatch, DecodedBatch } from "../../src/decode/index.ts";

export type BatchRow = Record<string, string | number | bigint | null>;

/** The rows of one table of a decoded batch; text and JSON as text, null as null. */
export function batch_rows(batch: DecodedBatch, table: ColumnBatch): BatchRow[] {
  return Array.from({ length: table.row_count }, (_, row) =>
    Object.fromEntries(
      table.columns.map(({ name, kind }, column) => {
        if (kind !== "text" && kind !== "json") return [name, table.fixed[column][row]];
        if (table.is_null(column, row)) return [name, null];
        const start = table.offsets[column][row];
        return [name, Buffer.from(batch.heap.bytes.buffer, start, table.lengths[column][row]).toString()];
      }),
    ),
  );
}
