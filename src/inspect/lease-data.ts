import { existsSync } from "node:fs";
import { lease_of_server } from "../backup/index.ts";
import { type Config, cursor_path, queue_directory, segments_directory } from "../config/index.ts";
import { create_logger, create_metrics } from "../observe/index.ts";
import { CursorFile, drain_source, open_queue_source } from "../poll/index.ts";
import { type LeasedOptions, open_store, type SpanStore } from "../store/index.ts";
import { queue_files } from "../wal/index.ts";
import { InspectError } from "./error.ts";

/** The segments that hold each row once, whose files stay until it is disposed of. */
export interface DataLease extends AsyncDisposable {
  readonly directories: readonly string[];
  /** Rejects when files may have gone in the meantime: what was read is then worth nothing. */
  confirm(): Promise<void>;
}

/**
 * Everything that is stored, as segments: those of the server that runs on these data, with all that it has stored by now;
 * when none runs, with all that the queue holds, and then none can start meanwhile. Rejects with InspectError `no_data`,
 * BackupError or StoreError.
 */
export async function lease_data(config: Config): Promise<DataLease> {
  refuse_nothing(config);
  return (await lease_of_server(config)) ?? (await open_stopped(config));
}

/** Throws InspectError `no_data` when there is no store. */
export function refuse_nothing({ data_dir, db_duckdb_path }: Config): void {
  if (!existsSync(data_dir)) throw new InspectError("no_data", `there is no data directory ${data_dir}`);
  if (existsSync(db_duckdb_path) || existsSync(segments_directory(db_duckdb_path))) return;
  throw new InspectError("no_data", `there is no store at ${db_duckdb_path}`);
}

export const leased_options = (config: Config): LeasedOptions => ({
  path: config.db_duckdb_path,
  memory_bytes: config.duckdb_memory_bytes,
  threads: config.duckdb_threads,
});

async function open_stopped(config: Config): Promise<DataLease> {
  await using opening = new AsyncDisposableStack();
  const logger = create_logger(config.log_level === "info" ? "warn" : config.log_level);
  const metrics = create_metrics();
  const store = opening.use(
    await open_store(
      { ...leased_options(config), source_bytes_max: config.wal_max_bytes / 4, hot_rows_max: config.hot_rows_max },
      logger,
      metrics,
    ),
  );
  await take_queue(config, store);
  const lease = opening.adopt(await store.lease(), (held) => held[Symbol.dispose]());
  const opened = opening.move();
  return {
    directories: lease.directories,
    confirm: async () => undefined,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** Stores what was acknowledged and is not stored yet. It stays in the queue, for the next server to trim. */
async function take_queue(config: Config, store: SpanStore): Promise<void> {
  const directory = queue_directory(config);
  const is_remote = config.ingestion_grpc_host !== undefined;
  if (is_remote || !existsSync(directory) || queue_files(directory).length === 0) return;
  const logger = create_logger("error");
  using cursor = new CursorFile(cursor_path(config));
  await using source = open_queue_source(directory, () => undefined);
  await drain_source({ source, store, cursor, logger, metrics: create_metrics() });
}
