import { SPAN_COLUMNS } from "../../../decode/index.ts";
import { type Cell, ParquetFile } from "../../parquet/index.ts";
import { hash_trace, hash_trace_id, new_key_hash } from "../keys/key-hash.ts";
import { row_text } from "../row-text.ts";
import type { ListedRow, SourceRow } from "../source-rows.ts";
import type { Segment } from "./segment.ts";

const COLUMN_NAMES = SPAN_COLUMNS.map(({ name }) => name);

const LIST_COLUMNS = ["start_time", "trace_id", "span_id", "parent_span_id", "junjo_span_type", "trace_has_llm"];

/** Finds and reads rows of one segment without DuckDB. */
export class SegmentReader implements AsyncDisposable {
  private listed_traces: Promise<Uint32Array> | null = null;

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
      const places = await this.trace_places(group, trace_id);
      if (places.length === 0) continue;
      const [trace_ids, starts, span_ids] = await file.cells(group, ["trace_id", "start_time", "span_id"], places);
      const { first_row } = file.group(group);
      for (const [index, place] of places.entries()) {
        if (text(trace_ids[index]) !== trace_id) continue;
        const span_id = text(span_ids[index]);
        found.push({ row: first_row + place, start_us: starts[index] as bigint, trace_id, span_id });
      }
    }
    return found;
  }

  /** Where in a group rows of a trace may be. */
  private async trace_places(group: number, trace_id: string): Promise<number[]> {
    // Here rows are in the order of traces: what the bounds let through is there, as a rule.
    if (this.file.constant(group, "is_listed") === false) return this.file.find(group, "trace_id", trace_id);
    // There the bounds of all groups are alike.
    const hashes = await (this.listed_traces ??= this.hash_listed_traces());
    const { first } = hash_trace_id(trace_id);
    const { first_row, row_count } = this.file.group(group);
    const places: number[] = [];
    for (let place = 0; place < row_count; place++) if (hashes[first_row + place] === first) places.push(place);
    return places;
  }

  /** By row, as far as groups have listed ones: a hash of its trace. */
  private async hash_listed_traces(): Promise<Uint32Array> {
    const { file } = this;
    const hashes: number[] = [];
    const hash = new_key_hash();
    for (let group = 0; group < file.group_count && file.constant(group, "is_listed") !== false; group++) {
      const places = Array.from({ length: file.group(group).row_count }, (_, place) => place);
      const [ids] = await file.cells(group, ["trace_id"], places);
      for (const id of ids) hashes.push(hash_trace(id as Uint8Array, 0, hash).first);
    }
    return Uint32Array.from(hashes);
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
