import { type DuckDBConnection, DuckDBBlobValue, type DuckDBValue } from "@duckdb/node-api";
import { type ColumnKind, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { PatchFacts, SpanRow } from "../../../encode/index.ts";
import type { Cell } from "../../parquet/index.ts";
import { type SqlAnswer, StoreError } from "../../types.ts";
import { first_line } from "../database.ts";
import { within_deadline } from "../deadline.ts";
import { answer_select } from "../queries/sql.ts";
import { sql_text } from "../row-source.ts";
import { row_text, row_values } from "../row-text.ts";
import { Segment } from "../segments/segment.ts";
import copy_rows_sql from "../sql/copy-rows.sql" with { type: "text" };
import spans_with_patches_sql from "../sql/spans-with-patches.sql" with { type: "text" };
import { LeasedDatabase, type LeasedOptions } from "./leased-database.ts";
import { condition_of, may_have, type RowFilter } from "./row-filter.ts";

export type SpanWithPatches = { row: SpanRow; patches: PatchFacts | null };

/** All rows of some segments, read in bounded memory by a DuckDB of its own. Rejects with StoreError. */
export class LeasedRows implements AsyncDisposable {
  private constructor(
    private readonly segments: readonly Segment[],
    private readonly database: LeasedDatabase,
  ) {}

  /** `written_path`: the file that `copy` may write. */
  static open(
    options: LeasedOptions,
    directories: readonly string[],
    written_path: string | null,
  ): Promise<LeasedRows> {
    return translated(async () => {
      const segments = directories.map((directory) => Segment.open(directory));
      return new LeasedRows(segments, await LeasedDatabase.open(options, segments, written_path));
    });
  }

  /** Spans as the API gives them, each as the JSON text of one row in one line, in no order. */
  async *row_texts(filter: RowFilter): AsyncGenerator<string> {
    for await (const cells of this.cells(
      filter,
      (segment, where) => `SELECT ${CELLS} FROM ${segment.spans_table} AS spans ${where}`,
    )) {
      yield in_one_line(row_text(cells as Cell[]));
    }
  }

  /** Spans with what their state patches tell besides, in no order. */
  async *spans_with_patches(filter: RowFilter): AsyncGenerator<SpanWithPatches> {
    const sql = (segment: Segment, where: string) => {
      // Segments of format 1 have them in patches alone.
      const id = (column: string) => (segment.has_derived_patches ? `spans.${column}` : "NULL::VARCHAR");
      return spans_with_patches_sql
        .replace("/*cells*/", CELLS)
        .replaceAll("/*workflow_id*/", id("sent_workflow_id"))
        .replaceAll("/*node_id*/", id("sent_node_id"))
        .replace("/*spans*/", segment.spans_table)
        .replace("/*patches*/", `read_parquet(${sql_text(segment.patches_path)})`)
        .replace("/*where*/", () => where);
    };
    for await (const cells of this.cells(filter, sql)) {
      const patches = cells.at(-1);
      yield {
        row: row_values(cells as Cell[]),
        patches: typeof patches === "string" ? (JSON.parse(patches) as PatchFacts) : null,
      };
    }
  }

  /** Writes the spans, or the state patches of them, with all their columns to a Parquet file, and gives their number. */
  copy(table: "spans" | "state_patches", filter: RowFilter, path: string): Promise<number> {
    return translated(async () => {
      const condition = condition_of(filter);
      const rows =
        condition === ""
          ? `FROM ${table}`
          : table === "spans"
            ? `FROM spans WHERE ${condition}`
            : `FROM state_patches SEMI JOIN (SELECT trace_id, span_id FROM spans WHERE ${condition}) USING (trace_id, span_id)`;
      const sql = copy_rows_sql.replace("/*rows*/", () => rows).replace("/*path*/", () => sql_text(path));
      return (await this.database.connection.run(sql)).rowsChanged;
    });
  }

  /** As SpanStore.sql, with a time limit of the caller's: null for none. */
  sql(select: string, ms_max: number | null): Promise<SqlAnswer> {
    const { connection } = this.database;
    const answer = () => answer_select(connection, select);
    return translated(() => (ms_max === null ? answer() : within_deadline(connection, ms_max, answer)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }

  private async *cells(filter: RowFilter, sql_of: (segment: Segment, where: string) => string) {
    const condition = condition_of(filter);
    const where = condition === "" ? "" : `WHERE ${condition}`;
    for (const segment of this.segments.filter((one) => may_have(one, filter))) {
      yield* streamed(this.database.connection, sql_of(segment, where));
    }
  }
}

/** States and graphs keep the white space that they were sent with. In JSON, line ends stand nowhere but between tokens. */
const in_one_line = (json: string): string => json.replaceAll(/[\r\n]+/g, " ");

/** As the decoder has made them: text byte for byte, times as whole numbers. */
const CELLS = SPAN_COLUMNS.map(({ name, kind }) => cell_sql(name, kind)).join(", ");

function cell_sql(name: string, kind: ColumnKind): string {
  if (kind === "text" || kind === "json") return `encode(spans.${name}::VARCHAR)`;
  return kind === "timestamp_us" ? `epoch_us(spans.${name})` : `spans.${name}`;
}

/**
 * Garbage that comes together before it is collected. Left alone, JavaScriptCore waits for a gigabyte and more: an export of
 * 150,000 spans of 3.5 KB as OTLP took 2.1 GB, and takes 0.7 with this, in 1.1 times the time.
 */
const GARBAGE_BYTES_MAX = 32 * 1024 * 1024;
/** What a cell takes besides its text. */
const CELL_BYTES = 128;

async function* streamed(connection: DuckDBConnection, sql: string): AsyncGenerator<unknown[]> {
  const result = await translated(() => connection.stream(sql));
  let garbage_bytes = 0;
  for (;;) {
    const chunk = await translated(() => result.fetchChunk());
    if (chunk === null || chunk.rowCount === 0) return;
    for (const row of chunk.getRows()) {
      const cells = row.map(cell_value);
      for (const cell of cells) garbage_bytes += CELL_BYTES + (cell instanceof Uint8Array ? cell.length : 0);
      yield cells;
      if (garbage_bytes < GARBAGE_BYTES_MAX) continue;
      garbage_bytes = 0;
      Bun.gc(true);
    }
  }
}

const cell_value = (value: DuckDBValue): unknown => (value instanceof DuckDBBlobValue ? value.bytes : value);

async function translated<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    throw new StoreError("unavailable", first_line(error), { cause: error });
  }
}
