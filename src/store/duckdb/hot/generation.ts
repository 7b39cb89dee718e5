import type { DuckDBConnection } from "@duckdb/node-api";
import { type DecodedBatch, PATCH_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import type { Ulid } from "../../../wal/index.ts";
import { column_definitions } from "../column-types.ts";
import { SegmentKeys } from "../keys/key-index.ts";
import { append_vectors } from "../vectors.ts";

/** The in-memory database of the hot tier, by the name under which it is attached. */
export const HOT_DATABASE = "hot";

/**
 * Rows that are not in a segment yet: two tables in memory, without keys or indexes, that only ever grow, so that a rowid
 * names a row for good. What makes them durable is the source, which keeps them until they are sealed.
 */
export class HotGeneration {
  readonly keys = new SegmentKeys();
  /** Of rows sealed before or elsewhere, traces with an LLM span that have rows here too. */
  readonly straddling_llm_traces = new Set<string>();
  /** How far each source is held by this generation and those before it. */
  readonly positions = new Map<string, Ulid>();
  span_count = 0;
  patch_count = 0;
  /** About what its rows take in memory. */
  bytes = 0;
  /** When the first row came, by performance.now(). */
  begun_at_ms: number | null = null;

  private constructor(readonly number: number) {}

  static async create(connection: DuckDBConnection, number: number): Promise<HotGeneration> {
    const generation = new HotGeneration(number);
    await connection.run(`CREATE TABLE ${generation.spans_table} (${column_definitions(SPAN_COLUMNS)})`);
    await connection.run(`CREATE TABLE ${generation.patches_table} (${column_definitions(PATCH_COLUMNS)})`);
    return generation;
  }

  get spans_table(): string {
    return `${HOT_DATABASE}.${this.spans_name}`;
  }

  get patches_table(): string {
    return `${HOT_DATABASE}.${this.patches_name}`;
  }

  /** Adds all rows in one transaction. */
  async append(connection: DuckDBConnection, { spans, patches, heap }: DecodedBatch): Promise<void> {
    if (spans.row_count === 0) return;
    await connection.run("BEGIN");
    try {
      for (const [table, rows] of [
        [this.spans_name, spans],
        [this.patches_name, patches],
      ] as const) {
        if (rows.row_count === 0) continue;
        const appender = await connection.createAppender(table, "main", HOT_DATABASE);
        try {
          append_vectors(rows, heap, (chunk) => appender.appendDataChunk(chunk));
        } finally {
          appender.closeSync();
        }
      }
      await connection.run("COMMIT");
    } catch (error) {
      await connection.run("ROLLBACK").catch(() => undefined);
      throw error;
    }
    this.span_count += spans.row_count;
    this.patch_count += patches.row_count;
    this.bytes += heap.length + FIXED_ROW_BYTES * spans.row_count;
    this.begun_at_ms ??= performance.now();
  }

  async drop(connection: DuckDBConnection): Promise<void> {
    await connection.run(`DROP TABLE IF EXISTS ${this.spans_table}; DROP TABLE IF EXISTS ${this.patches_table}`);
  }

  private get spans_name(): string {
    return `spans_${this.number}`;
  }

  private get patches_name(): string {
    return `state_patches_${this.number}`;
  }
}

/** A text cell takes 16 bytes of its own, and a number 4 or 8. */
const FIXED_ROW_BYTES = SPAN_COLUMNS.length * 12;
