import type { SpanRow } from "../../../src/encode/index.ts";
import {
  type ColumnBatch,
  column_indexes,
  type DecodedBatch,
  PATCH_COLUMNS,
  SPAN_COLUMNS,
} from "../../../src/decode/index.ts";
import type { StatePatch } from "../../../src/store/index.ts";

const PATCH = column_indexes(PATCH_COLUMNS);

/** A text or JSON cell, or null. */
export function cell_text({ heap }: DecodedBatch, table: ColumnBatch, column: number, row: number): string | null {
  if (table.is_null(column, row)) return null;
  const start = table.offsets[column][row];
  return Buffer.from(heap.bytes.subarray(start, start + table.lengths[column][row])).toString();
}

/** A span's row as values: JSON as text. */
export const row_values = (batch: DecodedBatch, row: number): SpanRow =>
  Object.fromEntries(
    SPAN_COLUMNS.map(({ name, kind }, column) => {
      if (kind === "text" || kind === "json") return [name, cell_text(batch, batch.spans, column, row)];
      const fixed = batch.spans.fixed[column][row];
      return [name, kind === "boolean" ? fixed === 1 : fixed];
    }),
  ) as SpanRow;

/** A span's row as JSON text (DESIGN.md section 5). */
export function row_json(batch: DecodedBatch, row: number): string {
  const member = ({ name, kind }: (typeof SPAN_COLUMNS)[number], column: number): string => {
    const fixed = batch.spans.fixed[column][row];
    switch (kind) {
      case "text":
        return JSON.stringify(cell_text(batch, batch.spans, column, row));
      case "json":
        return cell_text(batch, batch.spans, column, row) ?? "null";
      case "boolean":
        return String(fixed === 1);
      case "timestamp_us":
        return `"${iso_time(fixed as bigint)}"`;
      default:
        // The flags word is unsigned, whatever the column is.
        return String(name === "trace_flags" ? Number(fixed) >>> 0 : fixed);
    }
  };
  return `{${SPAN_COLUMNS.map((column, index) => `"${column.name}":${member(column, index)}`).join(",")}}`;
}

function iso_time(us: bigint): string {
  const to_the_millisecond = new Date(Number(us / 1000n)).toISOString().slice(0, -1);
  return `${to_the_millisecond}${String(us % 1000n).padStart(3, "0")}+00:00`;
}

export function plain_patch(batch: DecodedBatch, row: number): StatePatch {
  const text = (name: keyof typeof PATCH) => cell_text(batch, batch.patches, PATCH[name], row) ?? "";
  return {
    patch_id: text("patch_id"),
    service_name: text("service_name"),
    trace_id: text("trace_id"),
    span_id: text("span_id"),
    workflow_id: text("workflow_id"),
    node_id: text("node_id"),
    event_time_us: batch.patches.fixed[PATCH.event_time][row] as bigint,
    patch_json: text("patch_json"),
    patch_store_id: text("patch_store_id"),
  };
}
