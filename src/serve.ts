import { join } from "node:path";
import { create_key_check } from "./access/index.ts";
import type { Config } from "./config/index.ts";
import { start_http, start_operations_http } from "./http/index.ts";
import { type IngestHalf, queue_path, start_ingest, start_ingest_in_worker } from "./ingest/index.ts";
import { create_logger, create_metrics, type Logger } from "./observe/index.ts";
import { CursorFile, open_queue_source, open_remote_source, type SpanSource, start_poller } from "./poll/index.ts";
import { open_store } from "./store/index.ts";

/** What runs, and how it ends. */
export type Running = {
  /** Resolves when everything is closed, within SHUTDOWN_MS_MAX. */
  stop(): Promise<void>;
  /** Resolves with the reason when a part has died that the rest can't do without. */
  readonly failure: Promise<Error>;
};

/**
 * Everything in one process: store, API, receivers and queue (or a remote ingestion service), poller; begun in this
 * order and ended in the reverse one. Resolves when ready; rejects when any of it can't start, with nothing left running.
 */
export async function serve(config: Config): Promise<Running> {
  const logger = create_logger(config.log_level);
  const metrics = create_metrics();
  const { promise: failure, resolve: fail } = Promise.withResolvers<Error>();
  await using starting = new AsyncDisposableStack();
  logger.info({ data_dir: config.data_dir, db_duckdb_path: config.db_duckdb_path }, "starting");

  const store = starting.use(
    await open_store({
      path: config.db_duckdb_path,
      memory_bytes: config.duckdb_memory_bytes,
      threads: config.duckdb_threads,
    }),
  );
  const cursor = starting.use(new CursorFile(join(config.data_dir, "poller.sqlite")));

  const readiness = { is_ready: false };
  let ingest: IngestHalf | undefined;
  const http = starting.use(
    await start_http(config, {
      store,
      waiting_for: () => (readiness.is_ready ? [] : ["receivers"]),
      render_metrics: async () => (await metrics.render()) + ((await ingest?.render_metrics()) ?? ""),
      key_check: create_key_check(config.api_keys),
      metrics,
      logger,
    }),
  );

  let source: SpanSource;
  if (config.ingestion_grpc_host === undefined) {
    ({ ingest, source } = await start_built_in(config, logger, starting, fail));
  } else {
    source = starting.use(open_remote_source(remote_options(config, config.ingestion_grpc_host)));
  }
  const poller = start_poller({ source, store, cursor, logger, metrics });
  starting.defer(() => poller.stop());
  readiness.is_ready = true;
  return running(starting, failure, logger, { http: http.port, ...ingest?.ports });
}

/** The receivers and the queue in their Worker, and the queue as a source that hears of each commit. */
async function start_built_in(
  config: Config,
  logger: Logger,
  starting: AsyncDisposableStack,
  on_failed: (error: Error) => void,
): Promise<{ ingest: IngestHalf; source: SpanSource }> {
  let wake = () => {};
  const hooks = { on_appended: () => wake(), on_failed };
  const ingest = starting.use(await start_ingest_in_worker(config, logger, hooks));
  const source = starting.use(open_queue_source(queue_path(config), (through) => ingest.trim(through)));
  wake = () => source.wake();
  return { ingest, source };
}

/** The ingestion half alone: receivers, queue, ReadSpans. Resolves when ready; rejects with nothing left running. */
export async function ingest(config: Config): Promise<Running> {
  const logger = create_logger(config.log_level);
  const metrics = create_metrics();
  await using starting = new AsyncDisposableStack();
  logger.info({ data_dir: config.data_dir }, "starting");
  const half = starting.use(await start_ingest(config, logger, { on_appended: () => {}, on_failed: () => {} }));
  const http = starting.use(
    await start_operations_http(config, {
      waiting_for: () => [],
      render_metrics: async () => (await metrics.render()) + (await half.render_metrics()),
      key_check: create_key_check(config.api_keys),
      metrics,
      logger,
    }),
  );
  return running(starting, NEVER, logger, { http: http.port, ...half.ports });
}

/** Everything runs in this thread: what fails there fails the process. */
const NEVER = new Promise<Error>(() => {});

function running(
  starting: AsyncDisposableStack,
  failure: Promise<Error>,
  logger: Logger,
  ports: Record<string, number>,
): Running {
  const parts = starting.move();
  logger.info({ ports }, "ready");
  return { failure, stop: () => parts.disposeAsync() };
}

const remote_options = (config: Config, host: string) => ({
  host,
  port: config.ingestion_grpc_port,
  api_key: config.ingestion_api_key,
  poll_interval_ms: config.poll_interval_ms,
  batch_size: config.poll_batch_size,
  deadline_ms: config.poll_deadline_ms,
  message_bytes_max: config.request_bytes_max,
});
