import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { LIMITS } from "../../config/index.ts";
import { StoreError } from "../types.ts";
import { connect } from "./database.ts";
import { interrupt_until_disposed, within_deadline } from "./deadline.ts";

/**
 * Connections for questions, so that they run beside the writer and beside each other, at most `size` at once. Whoever
 * comes later waits for a turn, unless LIMITS.QUERIES_WAITING_MAX do: then it is refused as `overloaded`. A question that
 * takes longer than LIMITS.QUERY_MS_MAX is broken off as `timeout`.
 */
export class ReaderPool implements AsyncDisposable {
  private readonly idle: DuckDBConnection[] = [];
  private readonly waiting: ((connection: DuckDBConnection) => void)[] = [];
  private is_closing = false;

  static async open(instance: DuckDBInstance, size: number): Promise<ReaderPool> {
    return new ReaderPool(await Promise.all(Array.from({ length: size }, () => connect(instance))));
  }

  private constructor(private readonly connections: readonly DuckDBConnection[]) {
    this.idle.push(...connections);
  }

  async use<Result>(query: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    this.refuse_if_closing();
    if (this.idle.length === 0 && this.waiting.length >= LIMITS.QUERIES_WAITING_MAX) {
      throw new StoreError("overloaded", `${this.waiting.length} questions wait already, ask again later`);
    }
    const connection = await this.take();
    try {
      this.refuse_if_closing();
      return await within_deadline(connection, LIMITS.QUERY_MS_MAX, () => query(connection));
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.idle.push(connection);
      else next(connection);
    }
  }

  /** Breaks off queries under way and waits for them to end: closing a connection under a query crashes the process. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.is_closing = true;
    using interrupting = new DisposableStack();
    for (const connection of this.connections) interrupting.use(interrupt_until_disposed(connection));
    await Promise.all(this.connections.map(() => this.take()));
    interrupting.dispose();
    for (const connection of this.connections) connection.closeSync();
  }

  private refuse_if_closing(): void {
    if (this.is_closing) throw new StoreError("closed", "the store is closed");
  }

  private async take(): Promise<DuckDBConnection> {
    return this.idle.pop() ?? new Promise((resolve) => this.waiting.push(resolve));
  }
}
