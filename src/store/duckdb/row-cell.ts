import { type ColumnBatch, column_indexes, type DecodedBatch, SPAN_COLUMNS } from "../../decode/index.ts";
import type { Cell } from "../parquet/index.ts";

const { trace_id: TRACE_ID, span_id: SPAN_ID } = column_indexes(SPAN_COLUMNS);
const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;

type Columns = {
  readonly [part in "offsets" | "lengths" | "fixed"]: readonly ColumnBatch[part][number][];
};

/** A cell of spans that are columns, whose texts lie in `text`: its bytes, not a copy of them. */
export function span_cell({ offsets, lengths, fixed }: Columns, text: Uint8Array, column: number, row: number): Cell {
  if (offsets[column].length === 0) {
    const value = fixed[column][row];
    return SPAN_COLUMNS[column].kind === "boolean" ? value === 1 : value;
  }
  const [at, length] = [offsets[column][row], lengths[column][row]];
  return length < 0 ? null : text.subarray(at, at + length);
}

export const trace_id_of = (batch: DecodedBatch, row: number): string => digits(batch, TRACE_ID, row, TRACE_DIGITS);

/** The key under which a span is held: the id of its trace, and its own. */
export const span_key = (batch: DecodedBatch, row: number): string =>
  trace_id_of(batch, row) + digits(batch, SPAN_ID, row, SPAN_DIGITS);

function digits({ spans, heap }: DecodedBatch, column: number, row: number, count: number): string {
  return Buffer.from(heap.bytes.buffer, spans.offsets[column][row], count).toString("latin1");
}
