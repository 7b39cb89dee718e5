import { column_indexes, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { Cell } from "../../parquet/index.ts";
import { span_cell } from "../row-cell.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import type { SpanFacts } from "../../types.ts";
import { FACT_COLUMNS, span_facts } from "../queries/span-facts.ts";
import type { ListedRow, SourceRow } from "../source-rows.ts";
import type { HotGeneration } from "./generation.ts";

const COLUMNS = column_indexes(SPAN_COLUMNS);
const FACTS = FACT_COLUMNS.map((name) => COLUMNS[name]);
const WORKFLOW = "workflow";

/** Rows of a service, as they came. */
type ServiceRows = { span_count: number; listed_rows: number[] };

/** Finds and reads rows of a generation. */
export class HotReader {
  private readonly services = new Map<string, ServiceRows>();
  private last_service: { at: number; length: number; rows: ServiceRows } | null = null;

  constructor(private readonly generation: HotGeneration) {}

  get service_names(): Iterable<string> {
    return this.services.keys();
  }

  /** To be called for rows that were added. */
  note_rows(first: number, end: number): void {
    const { offsets, lengths } = this.generation.memory.spans;
    const services = offsets[COLUMNS.service_name];
    const service_lengths = lengths[COLUMNS.service_name];
    const parents = lengths[COLUMNS.parent_span_id];
    for (let row = first; row < end; row++) {
      const [at, length] = [services[row], service_lengths[row]];
      // Spans of one resource share the text.
      if (this.last_service?.at !== at || this.last_service.length !== length) {
        this.last_service = { at, length, rows: this.rows_of(this.text(COLUMNS.service_name, row)) };
      }
      const { rows } = this.last_service;
      rows.span_count++;
      if (parents[row] < 0 || this.is_workflow(row)) rows.listed_rows.push(row);
    }
  }

  /** The rows of a trace, in no order. */
  trace_rows(trace_id: string): SourceRow[] {
    const { keys, trace_rows } = this.generation;
    const rows = trace_rows.of(keys.traces.find(hash_trace_id(trace_id)));
    // Two ids may have one hash.
    return rows.map((row) => this.source_row(row)).filter((row) => row.trace_id === trace_id);
  }

  /** The spans of a trace, in no order. */
  trace_facts(trace_id: string): SpanFacts[] {
    return this.trace_rows(trace_id).map(({ row }) => span_facts(FACTS.map((column) => this.cell(column, row))));
  }

  /** What it has of a service; the newest start of its roots and workflows, null if there is none. */
  service_figures(service_name: string): { span_count: number; newest_listed_us: bigint | null } {
    const { span_count, listed_rows } = this.services.get(service_name) ?? { span_count: 0, listed_rows: [] };
    const starts = this.generation.memory.spans.fixed[COLUMNS.start_time];
    const later = (newest: bigint | null, row: number) => {
      const start = starts[row] as bigint;
      return newest === null || start > newest ? start : newest;
    };
    return { span_count, newest_listed_us: listed_rows.reduce(later, null) };
  }

  /** Rows of a list that `is_wanted`, in no order. */
  list_rows(service_name: string, is_wanted: (row: ListedRow) => boolean): ListedRow[] {
    const rows = this.services.get(service_name)?.listed_rows ?? [];
    return rows.map((row) => this.listed_row(row)).filter(is_wanted);
  }

  /** The rows, each made of its cells, by their numbers. */
  rows<Row>(rows: readonly number[], make: (cells: readonly Cell[]) => Row): Map<number, Row> {
    return new Map(rows.map((row) => [row, make(SPAN_COLUMNS.map((_, column) => this.cell(column, row)))]));
  }

  private rows_of(service_name: string): ServiceRows {
    const known = this.services.get(service_name);
    if (known !== undefined) return known;
    const rows: ServiceRows = { span_count: 0, listed_rows: [] };
    this.services.set(service_name, rows);
    return rows;
  }

  private listed_row(row: number): ListedRow {
    const found = this.source_row(row);
    return {
      ...found,
      is_root: this.generation.memory.spans.lengths[COLUMNS.parent_span_id][row] < 0,
      is_workflow: this.is_workflow(row),
      trace_has_llm: this.generation.keys.has_llm_trace(hash_trace_id(found.trace_id)),
    };
  }

  private source_row(row: number): SourceRow {
    return {
      row,
      start_us: this.generation.memory.spans.fixed[COLUMNS.start_time][row] as bigint,
      trace_id: this.text(COLUMNS.trace_id, row),
      span_id: this.text(COLUMNS.span_id, row),
    };
  }

  private is_workflow(row: number): boolean {
    const length = this.generation.memory.spans.lengths[COLUMNS.junjo_span_type][row];
    return length === WORKFLOW.length && this.text(COLUMNS.junjo_span_type, row) === WORKFLOW;
  }

  private text(column: number, row: number): string {
    const { spans, text } = this.generation.memory;
    return Buffer.from(
      text.buffer,
      text.byteOffset + spans.offsets[column][row],
      spans.lengths[column][row],
    ).toString();
  }

  private cell(column: number, row: number): Cell {
    const { spans, text } = this.generation.memory;
    return span_cell(spans, text, column, row);
  }
}
