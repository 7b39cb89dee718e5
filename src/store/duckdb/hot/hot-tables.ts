import type { DuckDBConnection, DuckDBDataChunk } from "@duckdb/node-api";
import { PATCH_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import { column_definitions } from "../column-types.ts";
import { Serial } from "../serial.ts";
import { append_vectors } from "../vectors.ts";
import type { HotGeneration } from "./generation.ts";

/** The in-memory database of the hot tier, by the name under which it is attached. */
export const HOT_DATABASE = "hot";

/** Those that a memory has behind them are in no table. */
const COLUMNS = { spans: SPAN_COLUMNS, patches: PATCH_COLUMNS };
type Kind = keyof typeof COLUMNS;

/**
 * A generation's rows as tables, made when SQL asks for them: most rows are sealed before anybody does, and DuckDB takes
 * twice the time to take them in that they take to be decoded. A rowid is the row's number.
 */
export class HotTables {
  private readonly changes = new Serial();
  private readonly row_counts: Record<Kind, number> = { spans: 0, patches: 0 };
  private are_made = false;
  private are_dropped = false;

  constructor(private readonly generation: HotGeneration) {}

  get spans(): string {
    return `${HOT_DATABASE}.${this.name("spans")}`;
  }

  get patches(): string {
    return `${HOT_DATABASE}.${this.name("patches")}`;
  }

  /** Resolves when they have all rows that the generation has now. The connection must not be in a transaction. */
  fill(connection: DuckDBConnection): Promise<void> {
    return this.changes.run(async () => {
      if (this.are_dropped) throw new Error("the generation was dropped");
      if (!this.are_made) await this.make(connection);
      await this.append(connection, "spans", this.generation.span_count);
      await this.append(connection, "patches", this.generation.patch_count);
    });
  }

  drop(connection: DuckDBConnection): Promise<void> {
    return this.changes.run(async () => {
      this.are_dropped = true;
      if (!this.are_made) return;
      await connection.run(`DROP TABLE IF EXISTS ${this.spans}; DROP TABLE IF EXISTS ${this.patches}`);
    });
  }

  private async make(connection: DuckDBConnection): Promise<void> {
    await connection.run(`CREATE TABLE IF NOT EXISTS ${this.spans} (${column_definitions(COLUMNS.spans)})`);
    await connection.run(`CREATE TABLE IF NOT EXISTS ${this.patches} (${column_definitions(COLUMNS.patches)})`);
    this.are_made = true;
  }

  private async append(connection: DuckDBConnection, kind: Kind, row_count: number): Promise<void> {
    const first = this.row_counts[kind];
    if (first === row_count) return;
    const { memory } = this.generation;
    const appender = await connection.createAppender(this.name(kind), "main", HOT_DATABASE);
    try {
      const append = (chunk: DuckDBDataChunk) => appender.appendDataChunk(chunk);
      append_vectors(COLUMNS[kind], memory[kind], memory.text, first, row_count, append);
    } finally {
      appender.closeSync();
    }
    this.row_counts[kind] = row_count;
  }

  private name(kind: Kind): string {
    return `${kind}_${this.generation.number}`;
  }
}
