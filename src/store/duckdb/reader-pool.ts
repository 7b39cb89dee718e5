import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { LIMITS } from "../../config/index.ts";
import { StoreError } from "../types.ts";
import { connect } from "./database.ts";
import { interrupt_until_disposed, within_deadline } from "./deadline.ts";
import { Turns } from "./turns.ts";

/**
 * Connections for questions to DuckDB, so that they run beside the writer and beside each other, at most `size` at once and
 * LIMITS.QUERIES_WAITING_MAX behind them. One that takes longer than LIMITS.QUERY_MS_MAX is broken off as `timeout`.
 */
export class ReaderPool implements AsyncDisposable {
  private readonly turns: Turns;
  private readonly idle: DuckDBConnection[];
  private is_closing = false;

  static async open(instance: DuckDBInstance, size: number): Promise<ReaderPool> {
    return new ReaderPool(await Promise.all(Array.from({ length: size }, () => connect(instance))));
  }

  private constructor(private readonly connections: readonly DuckDBConnection[]) {
    this.idle = [...connections];
    this.turns = new Turns(connections.length, LIMITS.QUERIES_WAITING_MAX);
  }

  async use<Result>(query: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    this.refuse_if_closing();
    return this.turns.run(async () => {
      this.refuse_if_closing();
      const connection = this.idle.pop();
      if (connection === undefined) throw new Error("there are more turns than connections");
      try {
        return await within_deadline(connection, LIMITS.QUERY_MS_MAX, () => query(connection));
      } finally {
        this.idle.push(connection);
      }
    });
  }

  /** Breaks off queries under way and waits for them to end: closing a connection under a query crashes the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.is_closing = true;
    {
      using interrupting = new DisposableStack();
      for (const connection of this.connections) interrupting.use(interrupt_until_disposed(connection));
      await this.turns.idle();
    }
    for (const connection of this.connections) connection.closeSync();
  }

  private refuse_if_closing(): void {
    if (this.is_closing) throw new StoreError("closed", "the store is closed");
  }
}
