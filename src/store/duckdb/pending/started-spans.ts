import { column_indexes, type DecodedBatch, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { PendingSpan } from "../../types.ts";
import type { Cell } from "../../parquet/index.ts";
import { row_text } from "../row-text.ts";

const COLUMN = column_indexes(SPAN_COLUMNS);

/** A span that has started, as its start record says it. */
export type StartedSpan = Omit<PendingSpan, "state">;

/** Takes the rows of spans that have not ended out of a batch, with what came with them. */
export function take_started_spans(batch: DecodedBatch): StartedSpan[] {
  if (batch.pending_rows.length === 0) return [];
  const started = batch.pending_rows.map((row) => started_span(batch, row));
  batch.remove_spans(new Set(batch.pending_rows));
  return started;
}

/** The key under which a span is held, of a row of a batch. */
export const span_key = (batch: DecodedBatch, row: number): string =>
  `${text_of(batch, COLUMN.trace_id, row)}${text_of(batch, COLUMN.span_id, row)}`;

export const trace_id_of = (batch: DecodedBatch, row: number): string => text_of(batch, COLUMN.trace_id, row) ?? "";

export const end_us_of = ({ spans }: DecodedBatch, row: number): bigint => spans.fixed[COLUMN.end_time][row] as bigint;

function started_span(batch: DecodedBatch, row: number): StartedSpan {
  const cells = SPAN_COLUMNS.map((_, column) => (column === COLUMN.end_time ? null : cell(batch, column, row)));
  return {
    trace_id: trace_id_of(batch, row),
    span_id: text_of(batch, COLUMN.span_id, row) ?? "",
    parent_span_id: text_of(batch, COLUMN.parent_span_id, row),
    service_name: text_of(batch, COLUMN.service_name, row) ?? "",
    start_us: batch.spans.fixed[COLUMN.start_time][row] as bigint,
    json: row_text(cells),
  };
}

function text_of(batch: DecodedBatch, column: number, row: number): string | null {
  const bytes = cell(batch, column, row);
  return bytes instanceof Uint8Array ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : null;
}

function cell({ spans, heap }: DecodedBatch, column: number, row: number): Cell {
  const { kind } = SPAN_COLUMNS[column];
  if (kind === "boolean") return spans.fixed[column][row] === 1;
  if (kind !== "text" && kind !== "json") return spans.fixed[column][row];
  const [at, length] = [spans.offsets[column][row], spans.lengths[column][row]];
  return length < 0 ? null : heap.bytes.subarray(at, at + length);
}
