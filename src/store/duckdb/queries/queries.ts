import type { DuckDBConnection, DuckDBValue } from "@duckdb/node-api";
import { SPAN_COLUMNS } from "../../../decode/index.ts";
import type { ListKind, PageRange, RowKey, SpanPage } from "../../types.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import type { HotGeneration } from "../hot/generation.ts";
import type { ReaderPool } from "../reader-pool.ts";
import { row_json_sql } from "../row-json.ts";
import type { SegmentReaders } from "../segments/segment-readers.ts";
import type { View, Views } from "../views.ts";
import { plan_list } from "./list-plan.ts";
import { list_filter, NEWEST_FIRST, type RowFilter, select_rows, trace_filter } from "./list-sql.ts";
import { RowPieces, type RowPlace } from "./row-pieces.ts";

const ROW_JSON = row_json_sql(SPAN_COLUMNS);
const ANY_TIME: PageRange = { limit: null, offset: 0 };
const KEY_COLUMNS = "start_time, trace_id, span_id";
const FOUND_COLUMNS = "source, row, epoch_us(start_time), trace_id, span_id";

/** Where a row is, and where it stands in a list. */
type FoundRow = RowPlace & RowKey;
type Held = ReturnType<Views["hold"]>;
/** A part of a view: what may have the rows that are asked for. */
type Part = Pick<View, "generations" | "segments">;

/**
 * The questions. Each is answered in two steps: first which rows, reading only what they are chosen and sorted by; then
 * their payload, a piece at a time. DuckDB looks through many rows; the few that are wanted of a segment are taken out of
 * its file directly.
 */
export class Queries {
  constructor(
    private readonly readers: ReaderPool,
    private readonly views: Views,
    private readonly segment_readers: SegmentReaders,
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
    const held = this.views.hold();
    try {
      const part = holders(held.view, trace_id);
      const rows = (await this.trace_rows(trace_id, part)).filter(is_in(range)).sort(newest_first);
      const { limit, offset } = range;
      const page = rows.slice(offset, limit === null ? undefined : offset + limit);
      const has_more = rows.length > offset + page.length;
      return { has_more, next: has_more ? (page.at(-1) ?? null) : null, rows: this.pieces(page, part, held) };
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  async span(trace_id: string, span_id: string): Promise<string | null> {
    using held = this.views.hold();
    const part = holders(held.view, trace_id);
    const found = (await this.trace_rows(trace_id, part)).filter((row) => row.span_id === span_id);
    const [text] = await this.rows(found, part);
    return text ?? null;
  }

  private async trace_rows(trace_id: string, { generations, segments }: Part): Promise<FoundRow[]> {
    const hot = select_rows(generations, [], trace_filter(trace_id), ANY_TIME, KEY_COLUMNS);
    const rows = hot === "" ? [] : (await this.ask(`SELECT ${FOUND_COLUMNS} FROM (${hot})`)).map(found_row);
    for (const [index, segment] of segments.entries()) {
      const found = await this.segment_readers.use(segment, (reader) => reader.trace_rows(trace_id));
      rows.push(...found.map((row) => ({ ...row, source: generations.length + index })));
    }
    return rows;
  }

  private async page(
    plan: (view: View) => { part: Part; filter: RowFilter; range: PageRange },
    { limit, offset }: PageRange,
  ): Promise<SpanPage> {
    const held = this.views.hold();
    try {
      const { part, filter, range } = plan(held.view);
      const selected = select_rows(part.generations, part.segments, filter, range, KEY_COLUMNS);
      // One row more than asked for tells whether there is more.
      const bounds = limit === null ? `OFFSET ${offset}` : `LIMIT ${limit + 1} OFFSET ${offset}`;
      const sql = `SELECT ${FOUND_COLUMNS} FROM (${selected}) ${NEWEST_FIRST} ${bounds}`;
      const found = selected === "" ? [] : (await this.ask(sql)).map(found_row);
      const has_more = limit !== null && found.length > limit;
      const rows = has_more ? found.slice(0, limit) : found;
      return { has_more, next: has_more ? (rows.at(-1) ?? null) : null, rows: this.pieces(rows, part, held) };
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
    const texts = new Map<number, ReadonlyMap<number, string>>();
    for (const [source, wanted] of by_source) {
      const rows = wanted.map(({ row }) => row);
      const read =
        source < generations.length
          ? this.hot_texts(generations[source], rows)
          : this.segment_readers.use(segments[source - generations.length], (reader) => reader.row_texts(rows));
      texts.set(source, await read);
    }
    return places.flatMap(({ source, row }) => texts.get(source)?.get(row) ?? []);
  }

  private async hot_texts({ spans_table }: HotGeneration, rows: readonly number[]): Promise<Map<number, string>> {
    const found = await this.ask(
      `SELECT rowid, ${ROW_JSON} FROM ${spans_table} ` +
        // The bounds let whole row groups be passed over.
        `WHERE rowid BETWEEN ${least(rows)} AND ${greatest(rows)} AND rowid IN (${rows.join()})`,
    );
    return new Map(found.map(([row, text]) => [Number(row), String(text)]));
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

const is_in =
  ({ since_us = null, until_us = null, after = null }: PageRange) =>
  (row: RowKey): boolean =>
    (since_us === null || row.start_us >= since_us) &&
    (until_us === null || row.start_us <= until_us) &&
    (after === null || newest_first(after, row) < 0);

/** The order of every list; ids are ASCII. */
function newest_first(a: RowKey, b: RowKey): number {
  if (a.start_us !== b.start_us) return a.start_us > b.start_us ? -1 : 1;
  if (a.trace_id !== b.trace_id) return a.trace_id < b.trace_id ? -1 : 1;
  return a.span_id < b.span_id ? -1 : Number(a.span_id > b.span_id);
}

function found_row([source, row, start_us, trace_id, span_id]: DuckDBValue[]): FoundRow {
  return {
    source: Number(source),
    row: Number(row),
    start_us: start_us as bigint,
    trace_id: String(trace_id),
    span_id: String(span_id),
  };
}

const least = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.min(a, b));
const greatest = (numbers: readonly number[]): number => numbers.reduce((a, b) => Math.max(a, b));

/** As DuckDB sorts text. */
const compare_bytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
