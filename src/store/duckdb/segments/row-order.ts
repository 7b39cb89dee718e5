import { column_indexes, PATCH_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { HotMemory } from "../hot/hot-memory.ts";

const { trace_id, span_id, parent_span_id, service_name, start_time, junjo_span_type, is_llm } =
  column_indexes(SPAN_COLUMNS);
const PATCH_KEY = (["trace_id", "span_id", "patch_id"] as const).map((name) => column_indexes(PATCH_COLUMNS)[name]);
const WORKFLOW = Buffer.from("workflow");

/** Columns that rows are sorted, marked and counted by, as the hot tier's memory has them; others may be empty. */
export type RowKeys = Pick<HotMemory, "spans" | "patches" | "text" | "trace_numbers">;

/** What the order of a segment's rows goes by, besides their columns. Arrays are by row. */
export type RowMarks = {
  /** 1: a root or a workflow. */
  is_listed: Uint8Array;
  is_workflow: Uint8Array;
  /** 1: its trace has an LLM span. */
  trace_has_llm: Uint8Array;
};

export function mark_rows({ spans, text, trace_numbers }: RowKeys, count: number): RowMarks {
  const is_listed = new Uint8Array(count);
  const is_workflow = new Uint8Array(count);
  const trace_has_llm = new Uint8Array(count);
  const is_llm_trace = new Uint8Array(trace_numbers.subarray(0, count).reduce((a, b) => Math.max(a, b), -1) + 1);
  for (let row = 0; row < count; row++) {
    const type_length = spans.lengths[junjo_span_type][row];
    if (type_length === WORKFLOW.length && has_text(text, spans.offsets[junjo_span_type][row], WORKFLOW)) {
      is_workflow[row] = 1;
    }
    if (is_workflow[row] === 1 || spans.lengths[parent_span_id][row] < 0) is_listed[row] = 1;
    if (spans.fixed[is_llm][row] === 1) is_llm_trace[trace_numbers[row]] = 1;
  }
  for (let row = 0; row < count; row++) trace_has_llm[row] = is_llm_trace[trace_numbers[row]];
  return { is_listed, is_workflow, trace_has_llm };
}

/**
 * The rows in the order in which a segment has them (sql/copy-spans.sql): listed ones by service and newest first, then
 * the others by trace. Ties are in the order of ids.
 */
export function segment_order(keys: RowKeys, count: number, { is_listed }: RowMarks): Uint32Array {
  const { spans } = keys;
  const text_of = text_reader(keys.text);
  const span_text = (column: number, row: number) => text_of(spans.offsets[column][row], spans.lengths[column][row]);
  const by_time = newest_first(spans.fixed[start_time] as BigInt64Array);
  const by_ids = (a: number, b: number) =>
    order_of(span_text(trace_id, a), span_text(trace_id, b)) || order_of(span_text(span_id, a), span_text(span_id, b));

  const listed: { row: number; service: string }[] = [];
  for (let row = 0; row < count; row++) {
    if (is_listed[row] === 1) listed.push({ row, service: span_text(service_name, row) });
  }
  listed.sort((a, b) => order_of(a.service, b.service) || by_time(a.row, b.row) || by_ids(a.row, b.row));

  const order = new Uint32Array(count);
  let next = 0;
  for (const { row } of listed) order[next++] = row;
  for (const rows of rows_by_trace(keys, count, is_listed, (row) => span_text(trace_id, row))) {
    rows.sort((a, b) => by_time(a, b) || by_ids(a, b));
    for (const row of rows) order[next++] = row;
  }
  return order;
}

/** The rows that are not listed, by trace, in the order of the traces' ids. */
function rows_by_trace(
  { trace_numbers }: RowKeys,
  count: number,
  is_listed: Uint8Array,
  trace_of: (row: number) => string,
): number[][] {
  const by_number: number[][] = [];
  for (let row = 0; row < count; row++) if (is_listed[row] === 0) (by_number[trace_numbers[row]] ??= []).push(row);
  return by_number
    .flatMap((rows) => (rows.length === 0 ? [] : [{ rows, id: trace_of(rows[0]) }]))
    .sort((a, b) => order_of(a.id, b.id))
    .map(({ rows }) => rows);
}

/** Patches by their spans. */
export function patch_order({ patches, text }: RowKeys, rows: readonly number[]): Uint32Array {
  const text_of = text_reader(text);
  const columns = PATCH_KEY.map((column) => ({ at: patches.offsets[column], length: patches.lengths[column] }));
  const keyed = rows.map((row) => ({
    row,
    key: columns.map(({ at, length }) => text_of(at[row], length[row])).join(""),
  }));
  return Uint32Array.from(
    keyed.sort((a, b) => order_of(a.key, b.key)),
    ({ row }) => row,
  );
}

/** A text of a span, where it lies. */
export const text_at = ({ spans, text }: Pick<RowKeys, "spans" | "text">, column: number, row: number): Buffer =>
  Buffer.from(text.buffer, text.byteOffset + spans.offsets[column][row], spans.lengths[column][row]);

/** Gives texts with a character for each byte: they are in the order of their bytes, as DuckDB's are. */
function text_reader(text: Uint8Array): (at: number, length: number) => string {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  return (at, length) => bytes.toString("latin1", at, at + length);
}

const order_of = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

/** Compares rows by halves of their times: a BigInt for each look would take as long as all the rest. */
function newest_first(times: BigInt64Array): (a: number, b: number) => number {
  const high = new Int32Array(times.buffer, times.byteOffset, times.length * 2);
  const low = new Uint32Array(times.buffer, times.byteOffset, times.length * 2);
  return (a, b) => high[b * 2 + 1] - high[a * 2 + 1] || low[b * 2] - low[a * 2];
}

function has_text(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}
