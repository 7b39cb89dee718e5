import { SPAN_COLUMNS } from "../../../decode/index.ts";
import { type Cell, ParquetFile } from "../../parquet/index.ts";
import type { RowKey } from "../../types.ts";
import { row_text } from "./row-text.ts";
import type { Segment } from "./segment.ts";

const COLUMN_NAMES = SPAN_COLUMNS.map(({ name }) => name);

/** A row of a segment, by its number there. */
export type SegmentRow = RowKey & { row: number };

/** Finds and reads rows of one segment without DuckDB. */
export class SegmentReader implements AsyncDisposable {
  private constructor(private readonly file: ParquetFile) {}

  static async open({ spans_path }: Segment): Promise<SegmentReader> {
    return new SegmentReader(await ParquetFile.open(spans_path, "trace_id"));
  }

  /** The rows of a trace, in no order. */
  async trace_rows(trace_id: string): Promise<SegmentRow[]> {
    const { file } = this;
    const found: SegmentRow[] = [];
    for (let group = 0; group < file.group_count; group++) {
      const { min, max } = file.bounds(group);
      if (trace_id < min || trace_id > max) continue;
      const places = await this.places_of(group, trace_id);
      if (places.length === 0) continue;
      const [starts, span_ids] = await file.cells(group, ["start_time", "span_id"], places);
      const { first_row } = file.group(group);
      for (const [index, place] of places.entries()) {
        const span_id = Buffer.from(span_ids[index] as Uint8Array).toString("latin1");
        found.push({ row: first_row + place, start_us: starts[index] as bigint, trace_id, span_id });
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

  private async places_of(group: number, trace_id: string): Promise<number[]> {
    const all = Array.from({ length: this.file.group(group).row_count }, (_, place) => place);
    const [cells] = await this.file.cells(group, ["trace_id"], all);
    const wanted = Buffer.from(trace_id, "latin1");
    return all.filter((place) => wanted.equals(cells[place] as Uint8Array));
  }
}
