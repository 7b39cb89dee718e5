import { existsSync } from "node:fs";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { LIMITS, segments_directory } from "../../config/index.ts";
import type { Logger } from "../../observe/index.ts";
import { Appended } from "./appended.ts";
import { damage_of, move_aside } from "./damage.ts";
import { connect, type DatabaseOptions, first_line, open_database } from "./database.ts";
import { unheld } from "./hot/admission.ts";
import { HotGeneration } from "./hot/generation.ts";
import { HotMemoryPool, usual_capacity } from "./hot/hot-memory-pool.ts";
import { remove_leftovers } from "./leased/leftovers.ts";
import { PendingSpans } from "./pending/pending-spans.ts";
import { read_pending_spans } from "./pending/pending-table.ts";
import { Activity } from "./queries/activity.ts";
import { Calls } from "./queries/calls.ts";
import { Queries } from "./queries/queries.ts";
import { TraceSearch } from "./queries/trace-search.ts";
import { TraceTails } from "./queries/trace-tail.ts";
import { ReaderPool } from "./reader-pool.ts";
import { Catalog } from "./segments/catalog.ts";
import { SegmentKeeper } from "./segments/keeper.ts";
import { recover_segments } from "./segments/recovery.ts";
import { Sealer } from "./segments/sealer.ts";
import { SegmentReaders } from "./segments/segment-readers.ts";
import { Tidier } from "./segments/tidier.ts";
import type { StoreMetrics } from "./store-metrics.ts";
import { StraddlingLlmTraces } from "./straddling.ts";
import { Tiers } from "./tiers.ts";
import { present_tables, seal_old_tables } from "./upgrade.ts";
import { View, Views } from "./views.ts";

const READER_COUNT = 4;
/** Two generations of the hot tier, a sort of one of them and questions share DuckDB's memory. */
const HOT_MEMORY_SHARE = 1 / 4;
/** Places of its texts have 32 bits; a batch may bring as much again (LIMITS.BATCH_DECODED_BYTES_MAX). */
const HOT_BYTES_MAX = 1024 * 1024 * 1024;

export type SessionOptions = DatabaseOptions & {
  /** What the source may have to keep until rows are sealed: the hot tier never holds more. */
  source_bytes_max?: number;
  /** Rows of the hot tier at which it is sealed, and their age. */
  hot_rows_max?: number;
  hot_age_max_ms?: number;
  retention_days?: number | undefined;
  retention_bytes?: number | undefined;
  /** How long a search looks before it gives what it has. */
  search_ms_max?: number;
};

/** An open database: its hot tier, which ends with it, its segments, and those who ask. */
export class Session implements AsyncDisposable {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connections: readonly DuckDBConnection[],
    private readonly readers: ReaderPool,
    private readonly sealers: readonly Sealer[],
    readonly segment_readers: SegmentReaders,
    private readonly tidier: Tidier,
    private readonly memory_pool: HotMemoryPool,
    readonly views: Views,
    readonly pending: PendingSpans,
    readonly tiers: Tiers,
    readonly keeper: SegmentKeeper,
    readonly queries: Queries,
    readonly traces: TraceSearch,
    readonly activity: Activity,
    readonly calls: Calls,
    readonly tails: TraceTails,
  ) {}

  /**
   * `on_failure` hears of what goes wrong while nobody waits for it; it is in the log already. Rejects with StoreError.
   */
  static async open(
    options: SessionOptions,
    logger: Logger,
    metrics: StoreMetrics,
    on_failure: (error: unknown) => void,
  ): Promise<Session> {
    const instance = await open_undamaged(options, logger);
    try {
      return await Session.on(instance, options, logger, metrics, on_failure);
    } catch (error) {
      // Left open, it would keep the next attempt from opening the file.
      instance.closeSync();
      throw error;
    }
  }

  private static async on(
    instance: DuckDBInstance,
    options: SessionOptions,
    logger: Logger,
    metrics: StoreMetrics,
    on_failure: (error: unknown) => void,
  ): Promise<Session> {
    const failed = (message: string) => (error: unknown) => {
      logger.error({ err: error }, message);
      on_failure(error);
    };
    const directory = segments_directory(options.path);
    remove_leftovers(options.path);
    const [writer, connection, marker] = [await connect(instance), await connect(instance), await connect(instance)];
    const catalog = new Catalog(connection, options.path);
    const recovered = await recover_segments(catalog, connection, directory, logger, await present_tables(connection));
    const segments = [...recovered, ...(await seal_old_tables(connection, catalog, directory, logger))];
    if (segments.length > 0) await catalog.name_rows(directory, segments);

    const written = await read_pending_spans(connection);
    const pending = new PendingSpans(written, LIMITS.PENDING_BYTES_MAX, (count) => {
      metrics.given_up_pending_spans.inc(count);
      logger.warn({ spans: count }, "spans that have not ended take too much: the oldest are given up");
    });
    // A catalog that had to go back to an earlier state may have spans that have ended since.
    pending.retain(await unheld(connection, written, segments));
    const straddling = await StraddlingLlmTraces.create(marker, await catalog.straddling_llm_traces());
    const { hot_rows_max: rows_max = LIMITS.HOT_ROWS_MAX, hot_age_max_ms: age_max_ms = LIMITS.HOT_AGE_MS_MAX } =
      options;
    const bytes_max = Math.min(
      options.memory_bytes * HOT_MEMORY_SHARE,
      options.source_bytes_max ?? Infinity,
      HOT_BYTES_MAX,
    );
    const memory_pool = new HotMemoryPool(usual_capacity(rows_max, bytes_max));
    const first = new HotGeneration(1, memory_pool.take({ spans: 0, patches: 0, text_bytes: 0 }));
    const views = new Views(new View([first], segments), failed("what is no longer needed could not be removed"));
    const segment_readers = new SegmentReaders();
    const [sealer, merger] = [new Sealer(), new Sealer()];
    const keeper = new SegmentKeeper({
      sealer,
      merger,
      memory_pool,
      connection,
      catalog,
      views,
      straddling,
      pending,
      durable_positions: await catalog.positions(),
      directory,
      segment_readers,
      segment_rows_max: rows_max,
      retention: { days: options.retention_days ?? null, bytes: options.retention_bytes ?? null },
      logger,
      metrics,
      on_catalog_failed: failed("the catalog says what it should, and could not be tidied up"),
    });
    const tidier = new Tidier(keeper, merger, failed("segments could not be merged or removed; tried again later"));
    const limits = { rows_max, bytes_max, age_max_ms };
    const on_sealed = () => tidier.tidy();
    const appended = new Appended();
    const on_appended = () => appended.notify();
    const tiers = new Tiers({
      writer,
      memory_pool,
      views,
      straddling,
      pending,
      keeper,
      on_appended,
      on_sealed,
      on_seal_failed: failed("rows could not be sealed; trying again for ever"),
      limits,
      metrics,
    });
    const readers = await ReaderPool.open(instance, READER_COUNT);
    const queries = new Queries(readers, views, segment_readers, straddling);
    const traces = new TraceSearch(readers, views, segment_readers, options.search_ms_max ?? LIMITS.SEARCH_MS_MAX);
    return new Session(
      instance,
      [writer, connection, marker],
      readers,
      [sealer, merger],
      segment_readers,
      tidier,
      memory_pool,
      views,
      pending,
      tiers,
      keeper,
      queries,
      traces,
      new Activity(readers, views),
      new Calls(readers, views),
      new TraceTails(readers, views, appended, traces),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.readers[Symbol.asyncDispose]();
    await this.tidier[Symbol.asyncDispose]();
    await this.tiers.close();
    this.memory_pool[Symbol.dispose]();
    for (const sealer of this.sealers) sealer[Symbol.dispose]();
    await this.segment_readers[Symbol.asyncDispose]();
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
