import { readFileSync } from "node:fs";
import { type AccessControl, key_file_path, open_access } from "./access/index.ts";
import { hold_socket_path, serve_holds } from "./backup/index.ts";
import { type Config, cursor_path, LIMITS, queue_directory } from "./config/index.ts";
import { type Forwarder, start_forwarder, TrimGate } from "./forward/index.ts";
import { start_http, start_operations_http } from "./http/index.ts";
import { go_behind_ingest, type IngestHalf, spawn_ingest_thread, start_ingest } from "./ingest/index.ts";
import { start_key_service } from "./key-service/index.ts";
import { let_go_of_start_code } from "./memory/index.ts";
import { create_logger, create_metrics, type Logger, type Metrics } from "./observe/index.ts";
import {
  CursorFile,
  open_queue_source,
  open_remote_source,
  type Poller,
  QUEUE_SOURCE,
  type SpanSource,
  start_poller,
} from "./poll/index.ts";
import { open_store, type SpanStore } from "./store/index.ts";
import { open_studio } from "./studio/index.ts";
import { type Certificates, open_certificates } from "./tls/index.ts";
import type { Ulid } from "./wal/index.ts";

/** What runs, and how it ends. */
export type Running = {
  /** Resolves when everything is closed, within SHUTDOWN_MS_MAX. */
  stop(): Promise<void>;
  /** Reads keys and certificates again. */
  reload(): void;
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
  const doors = open_doors(config, logger, metrics);

  const cursor = starting.use(new CursorFile(cursor_path(config)));
  const remote_host = config.ingestion_grpc_host;
  const open_source =
    remote_host === undefined
      ? prepare_built_in(config, { cursor, logger, metrics }, starting, fail)
      : () => ({ source: starting.use(open_remote_source(remote_options(config, remote_host))), ingest: undefined });
  const store = starting.use(
    await open_store(
      {
        path: config.db_duckdb_path,
        memory_bytes: config.duckdb_memory_bytes,
        threads: config.duckdb_threads,
        source_bytes_max: config.wal_max_bytes / 4,
        hot_rows_max: config.hot_rows_max,
        hot_age_max_ms: config.hot_age_max_ms,
        retention_days: config.retention_days,
        retention_bytes: config.retention_bytes,
      },
      logger,
      metrics,
    ),
  );

  const readiness = { is_ready: false };
  let ingest: IngestHalf | undefined;
  let poller: Poller | undefined;
  const http = starting.use(
    await start_http(doors, {
      store,
      caught_up: async () => (await poller?.caught_up(LIMITS.QUERY_MS_MAX)) ?? false,
      waiting_for: () => (readiness.is_ready ? [] : ["receivers"]),
      render_metrics: async () => (await metrics.render()) + ((await ingest?.render_metrics()) ?? ""),
      access: doors.access,
      metrics,
      logger,
      answer_page: open_studio().answer,
      model_prices: config.model_prices,
    }),
  );

  const opened = await open_source(store);
  const { source } = opened;
  ingest = opened.ingest;
  const key_service = await start_key_service_if_asked(config, doors, starting);
  poller = start_poller({ source, store, cursor, logger, metrics });
  starting.defer(() => poller?.stop());
  // Ended first: the poller can't stop while a hold keeps its batch waiting.
  starting.use(await serve_holds(hold_socket_path(config), store, logger));
  await Promise.all([store.warm_up(LIMITS.WARM_UP_MS_MAX), http.warm_up()]).catch((error: unknown) => {
    // Whoever asks for what is broken is told then; all else works.
    logger.warn({ err: error }, "not all could be read that the first questions would need");
  });
  readiness.is_ready = true;
  const ports = { http: http.port, ...ingest?.ports, ...key_service };
  return running(starting, failure, logger, ports, [doors.access, doors.certificates, ...(ingest ? [ingest] : [])]);
}

type OpenedSource = { source: SpanSource; ingest: IngestHalf | undefined };

/**
 * The receivers and the queue in a thread of their own, which is there when this returns; everything made after it goes
 * behind it. Calling what it returns starts them, and gives the queue as a source that hears of each commit.
 */
function prepare_built_in(
  config: Config,
  { cursor, logger, metrics }: Forwarding,
  starting: AsyncDisposableStack,
  on_failed: (error: Error) => void,
): (store: SpanStore) => Promise<OpenedSource> {
  let wake = () => {};
  const thread = starting.use(spawn_ingest_thread(logger, { on_appended: () => wake(), on_failed }));
  go_behind_ingest();
  return async (store) => {
    const ingest = starting.use(await thread.start(config, await store.position(QUEUE_SOURCE)));
    const gate = new TrimGate(trimming_readers(config), (through) => ingest.trim(through));
    const stored = (through: Ulid) => gate.release(QUEUE_SOURCE, through);
    const source = starting.use(open_queue_source(queue_directory(config), stored));
    const forwarder = start_forwarder_if_asked(config, gate, { cursor, logger, metrics }, starting);
    wake = () => {
      source.wake();
      forwarder?.wake();
    };
    return { source, ingest };
  };
}

/** What a forwarder needs of the rest. */
type Forwarding = { cursor: CursorFile; logger: Logger; metrics: Metrics };

const FORWARDER = "forwarder";

const trimming_readers = ({ forward_otlp }: Config): string[] =>
  forward_otlp === undefined ? [QUEUE_SOURCE] : [QUEUE_SOURCE, FORWARDER];

function start_forwarder_if_asked(
  config: Config,
  gate: TrimGate,
  forwarding: Forwarding,
  starting: AsyncDisposableStack,
): Forwarder | undefined {
  const { forward_otlp: url, forward_otlp_headers: headers, wal_max_bytes } = config;
  if (url === undefined) return undefined;
  const on_done = (through: Ulid) => gate.release(FORWARDER, through);
  const directory = queue_directory(config);
  return starting.use(
    start_forwarder({ ...forwarding, url, headers, directory, on_done, backlog_bytes_max: wal_max_bytes / 2 }),
  );
}

/** The ingestion half alone: receivers, queue, ReadSpans. Resolves when ready; rejects with nothing left running. */
export async function ingest(config: Config): Promise<Running> {
  const logger = create_logger(config.log_level);
  const metrics = create_metrics();
  await using starting = new AsyncDisposableStack();
  logger.info({ data_dir: config.data_dir }, "starting");
  const doors = open_doors(config, logger, metrics);
  const half = starting.use(await start_ingest(config, logger, { on_appended: () => {}, on_failed: () => {} }));
  const http = starting.use(
    await start_operations_http(doors, {
      waiting_for: () => [],
      render_metrics: async () => (await metrics.render()) + (await half.render_metrics()),
      access: doors.access,
      metrics,
      logger,
    }),
  );
  const key_service = await start_key_service_if_asked(config, doors, starting);
  const ports = { http: http.port, ...half.ports, ...key_service };
  return running(starting, NEVER, logger, ports, [doors.access, doors.certificates, half]);
}

/** What the listeners of this thread have in common. */
type Doors = Pick<Config, "host" | "http_port"> & { access: AccessControl; certificates: Certificates };

function open_doors(config: Config, logger: Logger, metrics: Metrics): Doors {
  const { host, http_port, api_keys: setting_keys } = config;
  const access = open_access({ setting_keys, key_file_path: key_file_path(config), part: "api", metrics, logger });
  return { host, http_port, access, certificates: open_certificates(config, logger) };
}

async function start_key_service_if_asked(
  { auth_grpc_port: port }: Config,
  { host, access, certificates }: Doors,
  starting: AsyncDisposableStack,
): Promise<{ auth_grpc?: number }> {
  if (port === undefined) return {};
  const service = starting.use(await start_key_service({ host, port, access, certificates }));
  return { auth_grpc: service.port };
}

/** Everything runs in this thread: what fails there fails the process. */
const NEVER = new Promise<Error>(() => {});

function running(
  starting: AsyncDisposableStack,
  failure: Promise<Error>,
  logger: Logger,
  ports: Record<string, number>,
  reloadable: readonly { reload(): void }[],
): Running {
  const parts = starting.move();
  let_go_of_start_code();
  logger.info({ ports }, "ready");
  const reload = () => {
    logger.info("reading keys and certificates again");
    for (const part of reloadable) part.reload();
  };
  return { failure, reload, stop: () => parts.disposeAsync() };
}

const remote_options = (config: Config, host: string) => ({
  host,
  port: config.ingestion_grpc_port,
  api_key: config.ingestion_api_key,
  tls: config.ingestion_tls ? { ca: authorities(config.ingestion_tls_ca_path) } : undefined,
  poll_interval_ms: config.poll_interval_ms,
  batch_size: config.poll_batch_size,
  deadline_ms: config.poll_deadline_ms,
  // One span of the largest request, with what ReadSpans puts around it.
  message_bytes_max: config.request_bytes_max + 1024 * 1024,
});

const authorities = (path: string | undefined): Buffer | null => (path === undefined ? null : readFileSync(path));
