import { existsSync } from "node:fs";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { LIMITS } from "../../config/index.ts";
import type { Logger } from "../../observe/index.ts";
import { damage_of, move_aside } from "./damage.ts";
import { connect, type DatabaseOptions, first_line, open_database, segments_directory } from "./database.ts";
import { HOT_DATABASE, HotGeneration } from "./hot/generation.ts";
import { Queries } from "./queries/queries.ts";
import { ReaderPool } from "./reader-pool.ts";
import { sql_list } from "./row-source.ts";
import { Catalog } from "./segments/catalog.ts";
import { recover_segments } from "./segments/recovery.ts";
import { Tiers } from "./tiers.ts";
import { seal_old_tables } from "./upgrade.ts";
import { View, Views } from "./views.ts";

const READER_COUNT = 4;
/** Two generations of the hot tier, a sort of one of them and questions share DuckDB's memory. */
const HOT_MEMORY_SHARE = 1 / 4;
const STRADDLING_TABLE = `${HOT_DATABASE}.straddling_llm_traces`;

export type SessionOptions = DatabaseOptions & {
  /** What the source may have to keep until rows are sealed: the hot tier never holds more. */
  source_bytes_max?: number;
  /** Rows of the hot tier at which it is sealed. */
  hot_rows_max?: number;
};

/** An open database: its hot tier, which ends with it, its segments, and those who ask. */
export class Session implements AsyncDisposable {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connections: readonly DuckDBConnection[],
    private readonly readers: ReaderPool,
    private readonly views: Views,
    readonly tiers: Tiers,
    readonly queries: Queries,
  ) {}

  /** Rejects with StoreError. */
  static async open(options: SessionOptions, logger: Logger): Promise<Session> {
    const instance = await open_undamaged(options, logger);
    try {
      return await Session.on(instance, options, logger);
    } catch (error) {
      // Left open, it would keep the next attempt from opening the file.
      instance.closeSync();
      throw error;
    }
  }

  private static async on(instance: DuckDBInstance, options: SessionOptions, logger: Logger): Promise<Session> {
    const directory = segments_directory(options.path);
    const [writer, sealer] = [await connect(instance), await connect(instance)];
    const catalog = new Catalog(sealer, options.path);
    const recovered = await recover_segments(catalog, sealer, directory, logger);
    const segments = [...recovered, ...(await seal_old_tables(sealer, catalog, directory, logger))];
    if (segments.length > 0) await catalog.name_rows(directory);

    await writer.run(`CREATE TABLE ${STRADDLING_TABLE} (trace_id VARCHAR NOT NULL)`);
    const straddling = {
      add: async (trace_ids: Iterable<string>) => {
        const list = sql_list(trace_ids);
        if (list !== "") await writer.run(`INSERT INTO ${STRADDLING_TABLE} SELECT unnest([${list}])`);
      },
    };
    await straddling.add(await catalog.straddling_llm_traces());

    const generation = await HotGeneration.create(writer, 1);
    const views = new Views(new View([generation], segments), (error) =>
      logger.error({ err: error }, "what is no longer needed could not be removed"),
    );
    const hot_bytes_max = Math.min(options.memory_bytes * HOT_MEMORY_SHARE, options.source_bytes_max ?? Infinity);
    const tiers = new Tiers(
      { writer, sealer, catalog, views, straddling, durable_positions: await catalog.positions() },
      { hot_rows_max: options.hot_rows_max ?? LIMITS.HOT_ROWS_MAX, hot_bytes_max, segments_directory: directory },
      logger,
    );
    const readers = await ReaderPool.open(instance, READER_COUNT);
    return new Session(
      instance,
      [writer, sealer],
      readers,
      views,
      tiers,
      new Queries(readers, views, STRADDLING_TABLE),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.readers[Symbol.asyncDispose]();
    await this.tiers.close();
    await this.views.settled();
    for (const connection of this.connections) connection.closeSync();
    this.instance.closeSync();
  }
}

/**
 * Opens the database, first without what is damaged of it: without the log when that can't be replayed, else as a new
 * one. The segments say what was in it, but for dead letters.
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
