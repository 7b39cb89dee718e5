import { z } from "zod";

const MIB = 1024 * 1024;

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().int().positive();
const count = z.coerce.number().int().nonnegative();
const text = z.string().min(1);
const yes_or_no = z
  .union([z.boolean(), z.enum(["true", "false", "1", "0", ""])])
  .transform((value) => value === true || value === "true" || value === "1");

/** One setting: how its text is read, its default, and what it is for. */
const setting = <T extends z.ZodType, D extends z.output<T> | undefined>(schema: T, initial: D, why: string) => ({
  schema,
  initial,
  why,
});

/** The settings by their TOML name; environment and flag are spelled from it. The order is that of `--help`. */
export const SETTINGS = {
  data_dir: setting(
    text.optional(),
    undefined,
    "directory for everything that is kept; /dbdata if that exists and can be written, else ./.dbdata",
  ),
  db_duckdb_path: setting(text.optional(), undefined, "the DuckDB file; $DATA_DIR/duckdb/traces.duckdb"),
  host: setting(text, "127.0.0.1", "address that every listener binds to"),
  http_port: setting(port, 1323, "the query API, /docs, /metrics; 0: one that the system gives"),
  otlp_grpc_port: setting(port, 4317, "OTLP over gRPC"),
  otlp_http_port: setting(port, 4318, "OTLP over HTTP"),
  read_spans_port: setting(port, 50052, "the queue, served to other readers over gRPC (ReadSpans)"),
  ingestion_grpc_host: setting(
    text.optional(),
    undefined,
    "poll the ingestion service at this host instead of running the built-in receivers",
  ),
  ingestion_grpc_port: setting(port.min(1), 50052, "its port"),
  ingestion_api_key: setting(text.optional(), undefined, "the key to show it, if it asks for one"),
  api_keys: setting(
    z
      .union([z.array(text), z.string()])
      .transform((keys) =>
        (typeof keys === "string" ? keys.split(",") : keys).map((key) => key.trim()).filter((key) => key !== ""),
      ),
    [] as string[],
    "comma-separated keys; when there are any, every request must show one",
  ),
  insecure: setting(yes_or_no, false, "allow listening beyond loopback without API keys"),
  poll_interval_ms: setting(positive, 5000, "pause between polls of a remote ingestion service"),
  poll_batch_size: setting(positive.max(100_000), 100, "spans asked for at once from a remote ingestion service"),
  poll_deadline_ms: setting(positive, 30_000, "time that one poll of a remote service may take"),
  request_bytes_max: setting(positive.max(1024 * MIB), 64 * MIB, "size of one OTLP request, after decompression"),
  wal_max_bytes: setting(positive, 8192 * MIB, "size of the queue; beyond it receivers answer 'try again later'"),
  disk_free_bytes_min: setting(count, 256 * MIB, "free disk below which receivers answer 'try again later'"),
  duckdb_memory_bytes: setting(positive.min(64 * MIB), 1024 * MIB, "DuckDB's memory_limit"),
  duckdb_threads: setting(positive.max(256), 2, "threads that DuckDB may use"),
  log_level: setting(z.enum(["trace", "debug", "info", "warn", "error", "fatal"]), "info", "least severe line to log"),
} as const;

export type SettingName = keyof typeof SETTINGS;

export const env_name = (name: SettingName): string => name.toUpperCase();
export const flag_name = (name: SettingName): string => `--${name.replaceAll("_", "-")}`;
export const is_setting = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);
