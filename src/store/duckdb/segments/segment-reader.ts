import { existsSync } from "node:fs";
import { SPAN_COLUMNS } from "../../../decode/index.ts";
import { type Cell, cell_text, type PageCache, ParquetFile } from "../../parquet/index.ts";
import { hash_trace, hash_trace_id, new_key_hash } from "../keys/key-hash.ts";
import type { SpanFacts } from "../../types.ts";
import { FACT_COLUMNS, span_facts } from "../queries/span-facts.ts";
import type { ListedRow, SourceRow } from "../source-rows.ts";
import { RowIndex, RowIndexBuilder } from "./row-index.ts";
import type { Segment } from "./segment.ts";

const COLUMN_NAMES = SPAN_COLUMNS.map(({ name }) => name);
const KEY_COLUMNS = ["start_time", "trace_id", "span_id"];
const LIST_COLUMNS = [...KEY_COLUMNS, "parent_span_id", "junjo_span_type", "trace_has_llm"];

/** Rows of a list that are looked at together: as many as are wanted, but not fewer or more than this. */
const LIST_ROWS_MIN = 64;
const LIST_ROWS_MAX = 2048;

/** Which rows of a list: those that start within these bounds, `limit` of them. Null: there is no bound. */
export type ListRange = { limit: number; since_us: bigint | null; until_us: bigint | null };

/** Finds and reads rows of one segment without DuckDB. */
export class SegmentReader implements AsyncDisposable {
  private constructor(
    private readonly file: ParquetFile,
    private readonly index: RowIndex,
  ) {}

  static async open({ spans_path, rows_path }: Segment, cache: PageCache): Promise<SegmentReader> {
    const file = await ParquetFile.open(spans_path, cache);
    try {
      // Mapped: what is not asked for takes no memory.
      const index = existsSync(rows_path) ? RowIndex.read(Bun.mmap(rows_path)) : await index_of(file);
      return new SegmentReader(file, index);
    } catch (error) {
      await file[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The rows of a trace, in no order. */
  async trace_rows(trace_id: string): Promise<SourceRow[]> {
    const rows = this.index.trace_rows(hash_trace_id(trace_id));
    return (await this.keys_of(rows)).filter((row) => row.trace_id === trace_id);
  }

  async key_of(row: number): Promise<SourceRow> {
    const [key] = await this.keys_of([row]);
    return key;
  }

  /** The spans of a trace, in no order. */
  async trace_facts(trace_id: string): Promise<SpanFacts[]> {
    const rows = this.index.trace_rows(hash_trace_id(trace_id));
    const [trace_ids, ...columns] = await this.file.cells_of_rows(["trace_id", ...FACT_COLUMNS], rows);
    return rows.flatMap((_, place) =>
      cell_text(trace_ids[place]) === trace_id ? [span_facts(columns.map((cells): Cell => cells[place]))] : [],
    );
  }

  /** The first rows of a list that are wanted, newest first. */
  async list_rows(
    service_name: string,
    { limit, since_us, until_us }: ListRange,
    is_wanted: (row: ListedRow) => boolean,
  ): Promise<ListedRow[]> {
    const { first, end } = this.index.service_rows(service_name);
    const found: ListedRow[] = [];
    let row = until_us === null ? first : await this.first_until(first, end, until_us);
    while (row < end && found.length < limit) {
      const count = Math.min(Math.max(LIST_ROWS_MIN, limit - found.length), LIST_ROWS_MAX, end - row);
      const rows = await this.listed_rows(Array.from({ length: count }, (_, place) => row + place));
      for (const listed of rows) if (found.length < limit && is_wanted(listed)) found.push(listed);
      row += count;
      const last_us = rows.at(-1)?.start_us;
      if (since_us !== null && last_us !== undefined && last_us < since_us) break;
    }
    return found;
  }

  /** The rows, each made of its cells, by their numbers. */
  async rows<Row>(rows: readonly number[], make: (cells: readonly Cell[]) => Row): Promise<Map<number, Row>> {
    const wanted = rows.toSorted((a, b) => a - b);
    const columns = await this.file.cells_of_rows(COLUMN_NAMES, wanted);
    return new Map(wanted.map((row, place) => [row, make(columns.map((cells): Cell => cells[place]))]));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file[Symbol.asyncDispose]();
  }

  /** Of rows that are sorted newest first: the first one that starts at this time or before. */
  private async first_until(first: number, end: number, until_us: bigint): Promise<number> {
    let [low, high] = [first, end];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [[start_us]] = await this.file.cells_of_rows(["start_time"], [middle]);
      if ((start_us as bigint) <= until_us) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private async keys_of(rows: readonly number[]): Promise<SourceRow[]> {
    const [starts, trace_ids, span_ids] = await this.file.cells_of_rows(KEY_COLUMNS, rows);
    return rows.map((row, place) => ({
      row,
      start_us: starts[place] as bigint,
      trace_id: cell_text(trace_ids[place]),
      span_id: cell_text(span_ids[place]),
    }));
  }

  private async listed_rows(rows: readonly number[]): Promise<ListedRow[]> {
    const [starts, trace_ids, span_ids, parents, types, have_llm] = await this.file.cells_of_rows(LIST_COLUMNS, rows);
    return rows.map((row, place) => ({
      row,
      start_us: starts[place] as bigint,
      trace_id: cell_text(trace_ids[place]),
      span_id: cell_text(span_ids[place]),
      is_root: parents[place] === null,
      is_workflow: types[place] !== null && cell_text(types[place]) === "workflow",
      trace_has_llm: have_llm[place] === true,
    }));
  }
}

/** Reads where the rows are, for a segment that does not say it: some milliseconds. */
async function index_of(file: ParquetFile): Promise<RowIndex> {
  const builder = new RowIndexBuilder();
  const hash = new_key_hash();
  for (let group = 0; group < file.group_count; group++) {
    const { row_count } = file.group(group);
    const places = Array.from({ length: row_count }, (_, place) => place);
    const [traces, are_listed, services] = await file.cells(group, ["trace_id", "is_listed", "service_name"], places);
    for (const place of places) {
      hash_trace(traces[place] as Uint8Array, 0, hash);
      if (are_listed[place] === true) builder.add_listed(hash, cell_text(services[place]));
      else builder.add(hash);
    }
  }
  return builder.index;
}
