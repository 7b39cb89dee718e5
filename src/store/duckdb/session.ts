import { existsSync } from "node:fs";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import type { Logger } from "../../observe/index.ts";
import { damage_of, move_aside } from "./damage.ts";
import { connect, type DatabaseOptions, first_line, open_database } from "./database.ts";
import { Queries } from "./queries.ts";
import { ReaderPool } from "./reader-pool.ts";
import stage_sql from "./sql/stage.sql" with { type: "text" };

const READER_COUNT = 4;

/** An open database with its connections. */
export class Session implements AsyncDisposable {
  readonly queries: Queries;

  private constructor(
    private readonly instance: DuckDBInstance,
    readonly writer: DuckDBConnection,
    readonly readers: ReaderPool,
  ) {
    this.queries = new Queries(readers);
  }

  /** Rejects with StoreError. */
  static async open(options: DatabaseOptions, logger: Logger): Promise<Session> {
    const instance = await open_undamaged(options, logger);
    try {
      const writer = await connect(instance);
      await writer.run(stage_sql);
      return new Session(instance, writer, await ReaderPool.open(instance, READER_COUNT));
    } catch (error) {
      // Left open, it would keep the next attempt from opening the file.
      instance.closeSync();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.readers[Symbol.asyncDispose]();
    this.writer.closeSync();
    this.instance.closeSync();
  }
}

/**
 * Opens the database, first without what is damaged of it: without the log when that can't be replayed, else as a new
 * one. The queue keeps all that a log held, and of a file what has come since its last checkpoint.
 */
async function open_undamaged(options: DatabaseOptions, logger: Logger): Promise<DuckDBInstance> {
  const { path } = options;
  for (;;) {
    try {
      return await open_database(options);
    } catch (error) {
      const damage = damage_of(error);
      // Every turn moves a file out of the way, so that there is an end.
      if (damage === null || !existsSync(path)) throw error;
      const is_log_to_blame = damage === "log" && existsSync(`${path}.wal`);
      move_aside(path, is_log_to_blame ? "log" : "file", first_line(error), logger);
    }
  }
}
