import type { DuckDBValue } from "@duckdb/node-api";
import { LIMITS } from "../../../config/index.ts";
import type { ListKind, PageRange, RowKey, SpanPage, SqlAnswer } from "../../types.ts";
import type { SpanRow } from "../../../encode/index.ts";
import type { Cell } from "../../parquet/index.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import { time_limit } from "../deadline.ts";
import type { ReaderPool } from "../reader-pool.ts";
import { row_text, row_values } from "../row-text.ts";
import type { ListedRow } from "../source-rows.ts";
import type { SegmentReader } from "../segments/segment-reader.ts";
import type { SegmentReaders } from "../segments/segment-readers.ts";
import type { StraddlingLlmTraces } from "../straddling.ts";
import { Turns } from "../turns.ts";
import type { View, Views } from "../views.ts";
import { plan_list } from "./list-plan.ts";
import { list_filter, NEWEST_FIRST, type RowFilter, select_rows } from "./list-sql.ts";
import type { Part } from "./rows-sql.ts";
import { answer_sql } from "./sql.ts";
import { RowPieces, type RowPlace } from "./row-pieces.ts";

const KEY_COLUMNS = "start_time, trace_id, span_id";
const FOUND_COLUMNS = "source, row, epoch_us(start_time), trace_id, span_id";

/** Rows of a list that are found and put in order here. Whoever passes over more has DuckDB do it, in bounded memory. */
const MERGED_ROWS_MAX = 20_000;
/** The same, of all segments together that may have the first ones: of times that overlap each has to give so many. */
const FOUND_ROWS_MAX = 400_000;

/** Lists of which memory and segments know where the rows are. */
type IndexedKind = Exclude<ListKind, "spans">;

const BELONGS: Record<IndexedKind, (row: ListedRow, is_straddling_llm: (trace_id: string) => boolean) => boolean> = {
  roots: ({ is_root }) => is_root,
  llm_roots: ({ is_root, trace_has_llm, trace_id }, is_straddling_llm) =>
    is_root && (trace_has_llm || is_straddling_llm(trace_id)),
  workflows: ({ is_workflow }) => is_workflow,
};

/** Where a row is, and where it stands in a list. */
type FoundRow = RowPlace & RowKey;
type Held = ReturnType<Views["hold"]>;

/**
 * The questions. Each is answered in two steps: first which rows, reading only what they are chosen and sorted by; then
 * their payload, a piece at a time. The few rows that are wanted are taken out of memory and of the segments' files
 * directly; DuckDB looks through many.
 */
export class Queries {
  /** Of those whose rows are looked for in files. */
  private readonly turns = new Turns(LIMITS.FILE_QUERIES_AT_ONCE_MAX, LIMITS.FILE_QUERIES_WAITING_MAX);

  constructor(
    private readonly readers: ReaderPool,
    private readonly views: Views,
    private readonly segment_readers: SegmentReaders,
    private readonly straddling: Pick<StraddlingLlmTraces, "has">,
  ) {}

  service_names({ limit, offset }: Pick<PageRange, "limit" | "offset">): { has_more: boolean; names: string[] } {
    using held = this.views.hold();
    const sorted = held.view.service_names;
    const end = limit === null ? sorted.length : offset + limit;
    return { has_more: sorted.length > end, names: sorted.slice(offset, end) };
  }

  list(kind: ListKind, service_name: string, range: PageRange): Promise<SpanPage> {
    return this.page(range, async (view) => {
      const plan = plan_list(view.segments, kind, service_name, range);
      const part = { generations: view.generations, segments: plan.segments };
      const planned = { ...range, since_us: plan.since_us, until_us: plan.until_us };
      const row_count = range.limit === null ? Infinity : range.offset + range.limit + 1;
      const are_many = row_count > MERGED_ROWS_MAX || row_count * part.segments.length > FOUND_ROWS_MAX;
      if (kind === "spans" || are_many) {
        const filter = list_filter(kind, service_name, view.generations);
        return { part, rows: await this.sorted_rows(part, filter, planned) };
      }
      const is_wanted = this.wanted(kind, planned);
      const cold_range = { limit: row_count, since_us: plan.since_us, until_us: plan.until_us };
      const hot: FoundRow[] = part.generations.flatMap(({ reader }, source) =>
        reader.list_rows(service_name, is_wanted).map((row) => ({ ...row, source })),
      );
      const cold = await this.from_files((check_time) => {
        const is_wanted_in_time = (row: ListedRow): boolean => {
          check_time();
          return is_wanted(row);
        };
        const list_rows = (reader: SegmentReader) => reader.list_rows(service_name, cold_range, is_wanted_in_time);
        return Promise.all(
          part.segments.map(async (segment, index) => {
            const rows = await this.segment_readers.use(segment, list_rows);
            return rows.map((row) => ({ ...row, source: part.generations.length + index }));
          }),
        );
      });
      const rows = hot.concat(...cold);
      return { part, rows: rows.sort(newest_first).slice(range.offset, row_count) };
    });
  }

  trace_spans(trace_id: string, range: PageRange): Promise<SpanPage> {
    return this.page(range, async (view) => {
      const part = holders(view, trace_id);
      const rows = (await this.trace_rows(trace_id, part)).filter(is_in(range)).sort(newest_first);
      const end = range.limit === null ? undefined : range.offset + range.limit + 1;
      return { part, rows: rows.slice(range.offset, end) };
    });
  }

  /** The same rows as values, in no order. */
  async whole_spans(trace_id: string): Promise<AsyncIterableIterator<SpanRow>> {
    const held = this.views.hold();
    try {
      const part = holders(held.view, trace_id);
      const places = await this.trace_rows(trace_id, part);
      const fetch = (piece: readonly RowPlace[]) => this.rows(piece, part, row_values);
      return new RowPieces(places, fetch, characters_of, held);
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  async span(trace_id: string, span_id: string): Promise<string | null> {
    using held = this.views.hold();
    const part = holders(held.view, trace_id);
    const found = (await this.trace_rows(trace_id, part)).filter((row) => row.span_id === span_id);
    const [text] = await this.rows(found, part, row_text);
    return text ?? null;
  }

  async sql(select: string): Promise<SqlAnswer> {
    using held = this.views.hold();
    return await this.readers.use((connection) => answer_sql(connection, select, held.view));
  }

  private async trace_rows(trace_id: string, { generations, segments }: Part): Promise<FoundRow[]> {
    const rows: FoundRow[] = generations.flatMap(({ reader }, source) =>
      reader.trace_rows(trace_id).map((row) => ({ ...row, source })),
    );
    return this.from_files(async (check_time) => {
      for (const [index, segment] of segments.entries()) {
        check_time();
        const found = await this.segment_readers.use(segment, (reader) => reader.trace_rows(trace_id));
        for (const row of found) rows.push({ ...row, source: generations.length + index });
      }
      return rows;
    });
  }

  /** Looks for rows in files when it is its turn. `check_time` throws once it has taken too long, waiting included. */
  private from_files<Result>(look: (check_time: () => void) => Promise<Result>): Promise<Result> {
    const check_time = time_limit(LIMITS.QUERY_MS_MAX);
    return this.turns.run(() => look(check_time));
  }

  private wanted(kind: IndexedKind, range: PageRange): (row: ListedRow) => boolean {
    const belongs = BELONGS[kind];
    const is_in_range = is_in(range);
    return (row) => is_in_range(row) && belongs(row, (trace_id) => this.straddling.has(trace_id));
  }

  /** Rows by SQL, in order: where so many are passed over that DuckDB should do it. */
  private async sorted_rows({ generations, segments }: Part, filter: RowFilter, range: PageRange): Promise<FoundRow[]> {
    const selected = select_rows(generations, segments, filter, range, KEY_COLUMNS);
    const { limit, offset } = range;
    const bounds = limit === null ? `OFFSET ${offset}` : `LIMIT ${limit + 1} OFFSET ${offset}`;
    return this.readers.use(async (connection) => {
      for (const { tables } of generations) await tables.fill(connection);
      const sql = `SELECT ${FOUND_COLUMNS} FROM (${selected}) ${NEWEST_FIRST} ${bounds}`;
      return (await connection.runAndReadAll(sql)).getRows().map(found_row);
    });
  }

  /** `find` gives the rows of the page in order, and one more if there is more. */
  private async page(
    { limit }: PageRange,
    find: (view: View) => Promise<{ part: Part; rows: FoundRow[] }>,
  ): Promise<SpanPage> {
    const held = this.views.hold();
    try {
      const { part, rows: found } = await find(held.view);
      const has_more = limit !== null && found.length > limit;
      const rows = has_more ? found.slice(0, limit) : found;
      return { has_more, next: has_more ? row_key(rows[rows.length - 1]) : null, rows: this.pieces(rows, part, held) };
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  private pieces(places: readonly RowPlace[], part: Part, held: Held): AsyncIterableIterator<string> {
    return new RowPieces(
      places,
      (piece) => this.rows(piece, part, row_text),
      (text) => text.length,
      held,
    );
  }

  /** The rows, each made of its cells, in the order of their places. */
  private async rows<Row>(
    places: readonly RowPlace[],
    { generations, segments }: Part,
    make: (cells: readonly Cell[]) => Row,
  ): Promise<Row[]> {
    const by_source = Map.groupBy(places, ({ source }) => source);
    const made = new Map<number, ReadonlyMap<number, Row>>();
    for (const [source, wanted] of by_source) {
      const rows = wanted.map(({ row }) => row);
      const read =
        source < generations.length
          ? generations[source].reader.rows(rows, make)
          : this.segment_readers.use(segments[source - generations.length], (reader) => reader.rows(rows, make));
      made.set(source, await read);
    }
    return places.flatMap(({ source, row }) => made.get(source)?.get(row) ?? []);
  }
}

/** About how much text a row has. */
const characters_of = (row: SpanRow): number =>
  Object.values(row).reduce((sum: number, value) => sum + (typeof value === "string" ? value.length : 0), 0);

const row_key = ({ start_us, trace_id, span_id }: RowKey): RowKey => ({ start_us, trace_id, span_id });

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
