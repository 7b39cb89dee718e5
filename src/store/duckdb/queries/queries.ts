import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { SPAN_COLUMNS } from "../../../decode/index.ts";
import type { ListKind, PageRange, RowKey, SpanPage } from "../../types.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import type { ReaderPool } from "../reader-pool.ts";
import { row_json_sql } from "../row-json.ts";
import { sql_text } from "../row-source.ts";
import type { View, Views } from "../views.ts";
import { plan_list } from "./list-plan.ts";
import { list_filter, NEWEST_FIRST, type RowFilter, select_rows, trace_filter } from "./list-sql.ts";
import { RowPieces, type RowPlace } from "./row-pieces.ts";

const ROW_JSON = row_json_sql(SPAN_COLUMNS);
const ALL_COLUMNS = SPAN_COLUMNS.map(({ name }) => name).join(", ");
const ANY_TIME: PageRange = { limit: null, offset: 0 };
/** A trace of fewer spans is answered in one step; a longer one in two, so that memory stays bounded. */
const SHORT_TRACE_SPANS = 256;

type Held = ReturnType<Views["hold"]>;
/** A part of a view: what may have the rows that are asked for. */
type Part = Pick<View, "generations" | "segments">;

/**
 * The questions in SQL. A list is answered in two steps: first which rows, reading only what they are chosen and sorted
 * by; then their payload, a piece at a time.
 */
export class Queries {
  constructor(
    private readonly readers: ReaderPool,
    private readonly views: Views,
  ) {}

  async service_names({
    limit,
    offset,
  }: Pick<PageRange, "limit" | "offset">): Promise<{ has_more: boolean; names: string[] }> {
    using held = this.views.hold();
    const { generations, segments } = held.view;
    const names = new Set(segments.flatMap(({ services }) => [...services.keys()]));
    const selects = generations.map(({ spans_table }) => `SELECT DISTINCT service_name FROM ${spans_table}`);
    for (const [name] of await this.ask(selects.join(" UNION "))) names.add(String(name));
    const sorted = [...names].sort(compare_bytes);
    const end = limit === null ? sorted.length : offset + limit;
    return { has_more: sorted.length > end, names: sorted.slice(offset, end) };
  }

  list(kind: ListKind, service_name: string, range: PageRange): Promise<SpanPage> {
    return this.page((view) => {
      const plan = plan_list(view.segments, kind, service_name, range);
      const part = { generations: view.generations, segments: plan.segments };
      const filter = list_filter(kind, service_name, view.generations);
      return { part, filter, range: { ...range, since_us: plan.since_us } };
    }, range);
  }

  async trace_spans(trace_id: string, range: PageRange): Promise<SpanPage> {
    if (is_any_time(range)) {
      const rows = await this.short_trace(trace_id);
      if (rows !== null) return { has_more: false, next: null, rows: each(rows) };
    }
    return this.page((view) => ({ part: holders(view, trace_id), filter: trace_filter(trace_id), range }), range);
  }

  async span(trace_id: string, span_id: string): Promise<string | null> {
    using held = this.views.hold();
    const condition = `trace_id = ${sql_text(trace_id)} AND span_id = ${sql_text(span_id)}`;
    const { generations, segments } = holders(held.view, trace_id);
    if (generations.length + segments.length === 0) return null;
    const rows = select_rows(generations, segments, { hot: condition, cold: condition }, ANY_TIME, ALL_COLUMNS);
    const [found] = await this.ask(`SELECT ${ROW_JSON} FROM (${rows})`);
    return found === undefined ? null : String(found[0]);
  }

  /** All rows of the trace, newest first, or null if it is not short. */
  private async short_trace(trace_id: string): Promise<string[] | null> {
    using held = this.views.hold();
    const { generations, segments } = holders(held.view, trace_id);
    if (generations.length + segments.length === 0) return [];
    const rows = select_rows(generations, segments, trace_filter(trace_id), ANY_TIME, ALL_COLUMNS);
    const found = await this.ask(
      `SELECT ${ROW_JSON} FROM (FROM (${rows}) ${NEWEST_FIRST} LIMIT ${SHORT_TRACE_SPANS + 1}) ${NEWEST_FIRST}`,
    );
    return found.length > SHORT_TRACE_SPANS ? null : found.map(([row]) => String(row));
  }

  private async page(
    plan: (view: View) => { part: Part; filter: RowFilter; range: PageRange },
    { limit, offset }: PageRange,
  ): Promise<SpanPage> {
    const held = this.views.hold();
    try {
      const { part, filter, range } = plan(held.view);
      const selected = select_rows(part.generations, part.segments, filter, range, "start_time, trace_id, span_id");
      // One row more than asked for tells whether there is more.
      const bounds = limit === null ? `OFFSET ${offset}` : `LIMIT ${limit + 1} OFFSET ${offset}`;
      const found =
        selected === ""
          ? []
          : await this.ask(
              `SELECT source, row, epoch_us(start_time), trace_id, span_id FROM (${selected}) ${NEWEST_FIRST} ${bounds}`,
            );
      const has_more = limit !== null && found.length > limit;
      const rows = has_more ? found.slice(0, limit) : found;
      const places = rows.map(([source, row]) => ({ source: Number(source), row: row as bigint }));
      const next = has_more ? row_key(rows.at(-1)) : null;
      return { has_more, next, rows: this.pieces(places, part, held) };
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  private pieces(places: readonly RowPlace[], part: Part, held: Held): AsyncIterableIterator<string> {
    return new RowPieces(places, (piece) => this.rows(piece, part), held);
  }

  /** The rows as JSON text, in the order of their places. */
  private async rows(places: readonly RowPlace[], { generations, segments }: Part): Promise<string[]> {
    const by_source = Map.groupBy(places, ({ source }) => source);
    const selects = Array.from(by_source, ([source, wanted]) => {
      const numbers = wanted.map(({ row }) => row);
      const segment = segments[source - generations.length];
      const [table, number] =
        source < generations.length
          ? [generations[source].spans_table, "rowid"]
          : [segment.spans_table, "file_row_number"];
      // The bounds let whole row groups be passed over.
      return (
        `SELECT ${source}, ${number}, ${ROW_JSON} FROM ${table} ` +
        `WHERE ${number} BETWEEN ${least(numbers)} AND ${greatest(numbers)} AND ${number} IN (${numbers.join()})`
      );
    });
    const found = await this.ask(selects.join("\nUNION ALL "));
    const by_place = new Map(found.map(([source, row, text]) => [`${String(source)}:${String(row)}`, String(text)]));
    return places.flatMap(({ source, row }) => by_place.get(`${source}:${row}`) ?? []);
  }

  private ask(sql: string): Promise<DuckDBValue[][]> {
    return this.readers.use(async (connection: DuckDBConnection) => (await connection.runAndReadAll(sql)).getRows());
  }
}

function holders({ generations, segments }: View, trace_id: string): Part {
  const trace = hash_trace_id(trace_id);
  return {
    generations: generations.filter(({ keys }) => keys.may_hold_trace(trace)),
    segments: segments.filter(({ keys }) => keys.may_hold_trace(trace)),
  };
}

const is_any_time = ({ limit, offset, since_us = null, until_us = null, after = null }: PageRange): boolean =>
  limit === null && offset === 0 && since_us === null && until_us === null && after === null;

function row_key(row: DuckDBValue[] | undefined): RowKey | null {
  if (row === undefined) return null;
  const [, , start_us, trace_id, span_id] = row;
  return { start_us: start_us as bigint, trace_id: String(trace_id), span_id: String(span_id) };
}

const least = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => (b < a ? b : a));
const greatest = (numbers: readonly bigint[]): bigint => numbers.reduce((a, b) => (b > a ? b : a));

/** As DuckDB sorts text. */
const compare_bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

async function* each(rows: readonly string[]): AsyncGenerator<string> {
  yield* rows;
}
