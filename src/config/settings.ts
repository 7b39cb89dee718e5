import { z } from "zod";
import { DUCKDB_MEMORY_BYTES_MIN, HOT_AGE_MS_MAX, HOT_ROWS_MAX } from "./limits.ts";
import { parse_setting_key, type SettingKey } from "../access/index.ts";

const MIB = 1024 * 1024;
const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal"] as const;

/** A number, or a text of digits and nothing else: coercion would read true, " " and 0x10 as numbers too. */
const whole = (min: number, max = Number.MAX_SAFE_INTEGER) => {
  const error = `expected a whole number from ${min} to ${max}`;
  const number = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)], { error });
  return number.pipe(z.int({ error }).min(min, { error }).max(max, { error }));
};

const port = whole(0, 65_535);
const positive = whole(1);
const text = z.string({ error: "expected a text" }).min(1);
const yes_or_no = z
  .union([z.boolean(), z.enum(["true", "false", "1", "0"])], { error: "expected true or false" })
  .transform((value) => value === true || value === "true" || value === "1");

/** A list, or a text with commas. One that holds no key is a slip of the pen, and not a wish to be open to everyone. */
const keys = z
  .union([z.array(text), z.string()], { error: "expected comma-separated keys" })
  .transform((keys) => (typeof keys === "string" ? keys.split(",") : keys).map((key) => key.trim()))
  .refine((keys) => keys.every((key) => key !== ""), { error: "holds an empty key" })
  .transform((keys, context) => {
    const parsed = keys.map(parse_setting_key).filter((key) => key !== null);
    if (parsed.length < keys.length) context.addIssue("holds a key that is not KEY, KEY:ingest or KEY:read");
    return parsed;
  });

/** Texts that are not empty, in one text with this between them, or as a list of a TOML file. */
const list = (separator: string) =>
  z
    .union([z.array(z.string()), z.string().transform((value) => value.split(separator))], { error: "expected texts" })
    .transform((texts) => texts.map((one) => one.trim()).filter((one) => one !== ""));

/** What a million tokens of a model cost, in whatever currency all prices are in. */
export type ModelPrice = { model: string; input: number; output: number; cached_input?: number };

const PRICE = /^([^=]+)=(\d+(?:\.\d+)?)\/(\d+(?:\.\d+)?)(?:\/(\d+(?:\.\d+)?))?$/;

function price_entries(entries: readonly string[], context: z.RefinementCtx): ModelPrice[] {
  return entries.flatMap((entry) => {
    const [, model, input, output, cached] = PRICE.exec(entry) ?? [];
    if (model === undefined) {
      context.addIssue(`expected MODEL=INPUT/OUTPUT, found ${entry}`);
      return [];
    }
    const price = { model: model.trim(), input: Number(input), output: Number(output) };
    return cached === undefined ? [price] : [{ ...price, cached_input: Number(cached) }];
  });
}

const NO_HEADERS: Record<string, string> = {};

function header_entries(entries: readonly string[], context: z.RefinementCtx): Record<string, string> {
  const pairs = entries.map((entry) => /^([\w-]+)=(.*)$/.exec(entry));
  if (pairs.includes(null)) context.addIssue("expected NAME=VALUE");
  return Object.fromEntries(pairs.flatMap((pair) => (pair === null ? [] : [[pair[1], pair[2]]])));
}

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
  ingestion_grpc_port: setting(whole(1, 65_535), 50052, "its port"),
  ingestion_api_key: setting(text.optional(), undefined, "the key to show it, if it asks for one"),
  ingestion_tls: setting(yes_or_no, false, "speak TLS with it"),
  ingestion_tls_ca_path: setting(
    text.optional(),
    undefined,
    "PEM file of the authorities to trust there; the system's",
  ),
  auth_grpc_port: setting(
    port.optional(),
    undefined,
    "answers an ingestion service elsewhere whether a key may ingest (ValidateApiKey); by custom 50053",
  ),
  tls_cert_path: setting(
    text.optional(),
    undefined,
    "PEM file of the certificate, with its chain, that every listener shows; read again on SIGHUP",
  ),
  tls_key_path: setting(text.optional(), undefined, "PEM file of its private key"),
  api_keys: setting(
    keys,
    [] as SettingKey[],
    "comma-separated keys, KEY or KEY:ingest or KEY:read; when there are any, every request must show one",
  ),
  insecure: setting(yes_or_no, false, "allow listening beyond loopback without API keys"),
  poll_interval_ms: setting(positive, 5000, "pause between polls of a remote ingestion service"),
  poll_batch_size: setting(whole(1, 100_000), 100, "spans asked for at once from a remote ingestion service"),
  poll_deadline_ms: setting(positive, 30_000, "time that one poll of a remote service may take"),
  // Four of them may be in memory at the same time, and offsets in the queue's files have 32 bits.
  request_bytes_max: setting(whole(1, 900 * MIB), 64 * MIB, "size of one OTLP request, after decompression"),
  wal_max_bytes: setting(positive, 8192 * MIB, "size of the queue; beyond it receivers answer 'try again later'"),
  disk_free_bytes_min: setting(whole(0), 256 * MIB, "free disk below which receivers answer 'try again later'"),
  duckdb_memory_bytes: setting(
    whole(DUCKDB_MEMORY_BYTES_MIN).optional(),
    undefined,
    "DuckDB's memory_limit; an eighth of the memory that this process may use, at most 1 GiB",
  ),
  duckdb_threads: setting(whole(1, 256), 2, "threads that DuckDB may use"),
  hot_rows_max: setting(whole(1), HOT_ROWS_MAX, "spans in memory at which they are written to a segment"),
  hot_age_max_ms: setting(positive, HOT_AGE_MS_MAX, "time after which they are, however few"),
  retention_days: setting(positive.optional(), undefined, "spans that began longer ago are removed"),
  retention_bytes: setting(
    positive.optional(),
    undefined,
    "size of all segments; beyond it the oldest spans are removed",
  ),
  model_prices: setting(
    list(",").transform((entries, context) => price_entries(entries, context)),
    [] as ModelPrice[],
    "comma-separated prices of a million tokens, MODEL=INPUT/OUTPUT or MODEL=INPUT/OUTPUT/CACHED; a star stands for anything",
  ),
  forward_otlp: setting(
    z
      .url({ protocol: /^https?$/, error: "expected a URL such as http://collector:4318" })
      // It is named in the log and in the cursor's file.
      .refine((text) => new URL(text).password === "", "no password can be in it: FORWARD_OTLP_HEADERS is for secrets")
      .optional(),
    undefined,
    "sends what arrives on to the OTLP/HTTP receiver at this URL",
  ),
  forward_otlp_headers: setting(
    list(",").transform((entries, context) => header_entries(entries, context)),
    NO_HEADERS,
    "comma-separated headers for it, NAME=VALUE",
  ),
  mask_attributes: setting(
    list(","),
    [] as string[],
    "comma-separated attribute keys whose values are not stored, KEY or KEY:hash or KEY:drop; a star stands for anything",
  ),
  mask_patterns: setting(
    list(","),
    [] as string[],
    "comma-separated names of what is taken out of texts: emails, cards, keys; with :hash or :drop as above",
  ),
  mask_regexps: setting(
    list("\n"),
    [] as string[],
    "regular expressions, one a line, for what else is; with :hash or :drop as above",
  ),
  log_level: setting(
    z.enum(LOG_LEVELS, { error: `expected ${LOG_LEVELS.join(", ")}` }),
    "info",
    "least severe line to log",
  ),
} as const;

export type SettingName = keyof typeof SETTINGS;

export const env_name = (name: SettingName): string => name.toUpperCase();
export const flag_name = (name: SettingName): string => `--${name.replaceAll("_", "-")}`;
export const is_setting = (name: string): name is SettingName => Object.hasOwn(SETTINGS, name);
