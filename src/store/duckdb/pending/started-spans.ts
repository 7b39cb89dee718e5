import { column_indexes, type DecodedBatch, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { PendingSpan } from "../../types.ts";
import { span_cell, span_key, trace_id_of } from "../row-cell.ts";
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

/** Those whose end is not among the rows of the batch. */
export function without_ended(started: readonly StartedSpan[], batch: DecodedBatch): readonly StartedSpan[] {
  if (started.length === 0) return started;
  const ended = new Set(Array.from({ length: batch.spans.row_count }, (_, row) => span_key(batch, row)));
  return started.filter(({ trace_id, span_id }) => !ended.has(trace_id + span_id));
}

export const end_us_of = ({ spans }: DecodedBatch, row: number): bigint => spans.fixed[COLUMN.end_time][row] as bigint;

function started_span(batch: DecodedBatch, row: number): StartedSpan {
  const cells = SPAN_COLUMNS.map((_, column) =>
    column === COLUMN.end_time ? null : span_cell(batch.spans, batch.heap.bytes, column, row),
  );
  return {
    trace_id: trace_id_of(batch, row),
    span_id: text_of(batch, COLUMN.span_id, row) ?? "",
    parent_span_id: text_of(batch, COLUMN.parent_span_id, row),
    service_name: text_of(batch, COLUMN.service_name, row) ?? "",
    start_us: batch.spans.fixed[COLUMN.start_time][row] as bigint,
    json: row_text(cells),
  };
}

function text_of({ spans, heap }: DecodedBatch, column: number, row: number): string | null {
  const bytes = span_cell(spans, heap.bytes, column, row);
  return bytes instanceof Uint8Array ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString() : null;
}
