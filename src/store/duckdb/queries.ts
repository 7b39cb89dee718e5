import type { DuckDBValue } from "@duckdb/node-api";
import { SPAN_COLUMNS } from "../../decode/index.ts";
import type { PageRange, SpanPage } from "../types.ts";
import type { ReaderPool } from "./reader-pool.ts";
import { row_json_sql } from "./row-json.ts";
import llm_root_spans_sql from "./sql/llm-root-spans.sql" with { type: "text" };
import root_spans_sql from "./sql/root-spans.sql" with { type: "text" };
import rows_sql from "./sql/rows.sql" with { type: "text" };
import service_names_sql from "./sql/service-names.sql" with { type: "text" };
import span_sql from "./sql/span.sql" with { type: "text" };
import trace_spans_sql from "./sql/trace-spans.sql" with { type: "text" };
import workflow_spans_sql from "./sql/workflow-spans.sql" with { type: "text" };

/** Rows whose payload is fetched at once: what a slow client of a long list holds in memory. */
const ROWS_PER_FETCH = 512;
/** Stands for "no limit" in LIMIT, which takes no null from a parameter. */
const NO_LIMIT = 2 ** 53 - 1;

const ROWS_SQL = rows_sql.replace("/*row_json*/", row_json_sql(SPAN_COLUMNS));

const row_id_of = (value: DuckDBValue): bigint => value as bigint;

type Parameters = Record<string, DuckDBValue>;

/**
 * The questions in SQL. A list is answered in two steps: first which rows, reading only what they are chosen and sorted
 * by; then their payload, a few hundred at a time.
 */
export class Queries {
  constructor(private readonly readers: ReaderPool) {}

  async service_names(range: PageRange): Promise<{ has_more: boolean; names: string[] }> {
    const found = await this.page(service_names_sql, {}, range);
    return { has_more: found.has_more, names: found.values.map(String) };
  }

  root_spans(service_name: string, only_llm_traces: boolean, range: PageRange): Promise<SpanPage> {
    return this.spans(only_llm_traces ? llm_root_spans_sql : root_spans_sql, { service_name }, range);
  }

  workflow_spans(service_name: string, range: PageRange): Promise<SpanPage> {
    return this.spans(workflow_spans_sql, { service_name }, range);
  }

  trace_spans(trace_id: string, range: PageRange): Promise<SpanPage> {
    return this.spans(trace_spans_sql, { trace_id }, range);
  }

  async span(trace_id: string, span_id: string): Promise<string | null> {
    const found = await this.column(span_sql, { trace_id, span_id });
    const [row] = await this.rows(found.map(row_id_of));
    return row ?? null;
  }

  private async spans(sql: string, parameters: Parameters, range: PageRange): Promise<SpanPage> {
    const { values, has_more } = await this.page(sql, parameters, range);
    return { has_more, rows: this.fetch(values.map(row_id_of)) };
  }

  private async *fetch(row_ids: readonly bigint[]): AsyncGenerator<string> {
    for (let first = 0; first < row_ids.length; first += ROWS_PER_FETCH) {
      yield* await this.rows(row_ids.slice(first, first + ROWS_PER_FETCH));
    }
  }

  /** The rows as JSON text, in the order of their ids. */
  private async rows(row_ids: readonly bigint[]): Promise<string[]> {
    if (row_ids.length === 0) return [];
    const sql = ROWS_SQL.replace("/*row_ids*/", row_ids.join());
    const lowest = row_ids.reduce((low, id) => (id < low ? id : low));
    const highest = row_ids.reduce((high, id) => (id > high ? id : high));
    const found = await this.readers.use((connection) => connection.runAndReadAll(sql, { lowest, highest }));
    const by_id = new Map(found.getRows().map(([row_id, row]) => [row_id, String(row)]));
    return row_ids.flatMap((row_id) => by_id.get(row_id) ?? []);
  }

  /** One row more than asked for tells whether there is more. */
  private async page(sql: string, parameters: Parameters, { limit, offset }: PageRange) {
    const asked = limit === null ? NO_LIMIT : limit + 1;
    const values = await this.column(sql, { ...parameters, limit: BigInt(asked), offset: BigInt(offset) });
    const has_more = limit !== null && values.length > limit;
    return { values: has_more ? values.slice(0, limit) : values, has_more };
  }

  private async column(sql: string, parameters: Parameters): Promise<DuckDBValue[]> {
    const found = await this.readers.use((connection) => connection.runAndReadAll(sql, parameters));
    return found.getRows().map(([value]) => value);
  }
}
