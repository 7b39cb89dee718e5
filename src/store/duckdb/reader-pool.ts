import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { connect } from "./database.ts";

/**
 * Connections for queries, so that they run beside the writer and beside each other, at most `size` at once; whoever
 * comes later waits for a turn.
 */
export class ReaderPool implements Disposable {
  private readonly idle: DuckDBConnection[] = [];
  private readonly waiting: ((connection: DuckDBConnection) => void)[] = [];

  static async open(instance: DuckDBInstance, size: number): Promise<ReaderPool> {
    return new ReaderPool(await Promise.all(Array.from({ length: size }, () => connect(instance))));
  }

  private constructor(private readonly connections: readonly DuckDBConnection[]) {
    this.idle.push(...connections);
  }

  async use<Result>(query: (connection: DuckDBConnection) => Promise<Result>): Promise<Result> {
    const connection =
      this.idle.pop() ?? (await new Promise<DuckDBConnection>((resolve) => this.waiting.push(resolve)));
    try {
      return await query(connection);
    } finally {
      const next = this.waiting.shift();
      if (next === undefined) this.idle.push(connection);
      else next(connection);
    }
  }

  [Symbol.dispose](): void {
    for (const connection of this.connections) connection.closeSync();
  }
}
