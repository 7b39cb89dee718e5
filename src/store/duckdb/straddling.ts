import type { DuckDBConnection } from "@duckdb/node-api";
import { HOT_DATABASE } from "./hot/hot-tables.ts";
import { hash_trace_id } from "./keys/key-hash.ts";
import { type RowSource, sql_list } from "./row-source.ts";
import { Serial } from "./serial.ts";

/**
 * Traces that have an LLM span and rows in more than one place, so that no segment alone can say of a root whether its
 * trace has one. Kept in memory, where questions find them; the catalog keeps what they must find after a restart.
 */
export class StraddlingLlmTraces {
  static readonly TABLE = `${HOT_DATABASE}.straddling_llm_traces`;
  private readonly trace_ids = new Set<string>();
  private readonly changes = new Serial();

  /** The connection is its own: what it does must not be part of somebody's transaction. */
  private constructor(private readonly connection: DuckDBConnection) {}

  static async create(connection: DuckDBConnection, trace_ids: Iterable<string>): Promise<StraddlingLlmTraces> {
    await connection.run(`CREATE TABLE ${StraddlingLlmTraces.TABLE} (trace_id VARCHAR NOT NULL)`);
    const traces = new StraddlingLlmTraces(connection);
    await traces.add(trace_ids);
    return traces;
  }

  add(trace_ids: Iterable<string>): Promise<void> {
    return this.changes.run(async () => {
      const fresh = new Set(trace_ids).difference(this.trace_ids);
      if (fresh.size === 0) return;
      await this.connection.run(`INSERT INTO ${StraddlingLlmTraces.TABLE} SELECT unnest([${sql_list(fresh)}])`);
      for (const trace_id of fresh) this.trace_ids.add(trace_id);
    });
  }

  has(trace_id: string): boolean {
    return this.trace_ids.has(trace_id);
  }

  /** Those that were in one of the `gone` sources and need not be here now that `left` are what there is. */
  obsolete(gone: readonly RowSource[], left: readonly RowSource[]): string[] {
    return [...this.trace_ids].filter((trace_id) => {
      const trace = hash_trace_id(trace_id);
      if (!gone.some(({ keys }) => keys.may_hold_trace(trace))) return false;
      const holders = left.filter(({ keys }) => keys.may_hold_trace(trace));
      return holders.length < 2 || !holders.some(({ keys }) => keys.has_llm_trace(trace));
    });
  }

  /** Forgets the obsolete ones, as they are when it is its turn. */
  remove_obsolete(gone: readonly RowSource[], left: () => readonly RowSource[]): Promise<void> {
    return this.changes.run(async () => {
      const trace_ids = this.obsolete(gone, left());
      if (trace_ids.length === 0) return;
      const list = sql_list(trace_ids);
      await this.connection.run(`DELETE FROM ${StraddlingLlmTraces.TABLE} WHERE trace_id IN (${list})`);
      for (const trace_id of trace_ids) this.trace_ids.delete(trace_id);
    });
  }
}
