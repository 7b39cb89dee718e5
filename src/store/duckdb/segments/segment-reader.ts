import { SPAN_COLUMNS } from "../../../decode/index.ts";
import { type Cell, ParquetFile } from "../../parquet/index.ts";
import { row_text } from "../row-text.ts";
import type { ListedRow, SourceRow } from "../source-rows.ts";
import type { Segment } from "./segment.ts";

const COLUMN_NAMES = SPAN_COLUMNS.map(({ name }) => name);

const LIST_COLUMNS = ["start_time", "trace_id", "span_id", "parent_span_id", "junjo_span_type", "trace_has_llm"];

/** Finds and reads rows of one segment without DuckDB. */
export class SegmentReader implements AsyncDisposable {
  private constructor(private readonly file: ParquetFile) {}

  static async open({ spans_path }: Segment): Promise<SegmentReader> {
    return new SegmentReader(await ParquetFile.open(spans_path, ["trace_id", "service_name"]));
  }

  /** The rows of a trace, in no order. */
  async trace_rows(trace_id: string): Promise<SourceRow[]> {
    const { file } = this;
    const found: SourceRow[] = [];
    for (let group = 0; group < file.group_count; group++) {
      const bounds = file.bounds(group, "trace_id");
      if (bounds !== null && (trace_id < bounds.min || trace_id > bounds.max)) continue;
      const places = await file.find(group, "trace_id", trace_id);
      if (places.length === 0) continue;
      const [starts, span_ids] = await file.cells(group, ["start_time", "span_id"], places);
      const { first_row } = file.group(group);
      for (const [index, place] of places.entries()) {
        const span_id = text(span_ids[index]);
        found.push({ row: first_row + place, start_us: starts[index] as bigint, trace_id, span_id });
      }
    }
    return found;
  }

  /**
   * The first rows of a list, newest first: `limit` of them, or all that there are. `is_wanted` sees what the rows are
   * chosen by.
   */
  async list_rows(service_name: string, limit: number, is_wanted: (row: ListedRow) => boolean): Promise<SourceRow[]> {
    const { file } = this;
    const found: SourceRow[] = [];
    // Roots and workflows come first in the file, by service and then newest first (sql/copy-spans.sql).
    for (let group = 0; group < file.group_count && found.length < limit; group++) {
      if (file.constant(group, "is_listed") === false) break;
      const bounds = file.bounds(group, "service_name");
      if (bounds !== null) {
        const is_all_listed = file.constant(group, "is_listed") === true;
        if (compare_utf8(service_name, bounds.max) > 0 && is_all_listed) continue;
        if (compare_utf8(service_name, bounds.min) < 0 && is_all_listed) break;
        if (compare_utf8(service_name, bounds.min) < 0) continue;
      }
      for (const row of await this.listed_rows(group, service_name)) {
        if (found.length < limit && is_wanted(row)) found.push(row);
      }
    }
    return found;
  }

  /** The rows as JSON text, by their numbers. */
  async row_texts(rows: readonly number[]): Promise<Map<number, string>> {
    const texts = new Map<number, string>();
    const wanted = rows.toSorted((a, b) => a - b);
    let next = 0;
    for (let group = 0; next < wanted.length && group < this.file.group_count; group++) {
      const { first_row, row_count } = this.file.group(group);
      const places: number[] = [];
      for (; next < wanted.length && wanted[next] < first_row + row_count; next++)
        places.push(wanted[next] - first_row);
      if (places.length === 0) continue;
      const columns = await this.file.cells(group, COLUMN_NAMES, places);
      for (const [index, place] of places.entries()) {
        texts.set(first_row + place, row_text(columns.map((cells): Cell => cells[index])));
      }
    }
    return texts;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.file[Symbol.asyncDispose]();
  }

  private async listed_rows(group: number, service_name: string): Promise<ListedRow[]> {
    const { first_row, row_count } = this.file.group(group);
    const all = Array.from({ length: row_count }, (_, place) => place);
    const [services, are_listed] = await this.file.cells(group, ["service_name", "is_listed"], all);
    const wanted = Buffer.from(service_name);
    const places = all.filter((place) => are_listed[place] === true && wanted.equals(services[place] as Uint8Array));
    if (places.length === 0) return [];
    const [starts, trace_ids, span_ids, parents, types, have_llm] = await this.file.cells(group, LIST_COLUMNS, places);
    return places.map((place, index) => ({
      row: first_row + place,
      start_us: starts[index] as bigint,
      trace_id: text(trace_ids[index]),
      span_id: text(span_ids[index]),
      is_root: parents[index] === null,
      is_workflow: types[index] !== null && text(types[index]) === "workflow",
      trace_has_llm: have_llm[index] === true,
    }));
  }
}

const text = (cell: Cell): string => Buffer.from(cell as Uint8Array).toString();

const compare_utf8 = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
