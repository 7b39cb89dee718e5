import { accessSync, constants, statSync } from "node:fs";
import { isIP } from "node:net";
import { totalmem } from "node:os";
import { join, resolve } from "node:path";
import type { z } from "zod";
import { MaskError, mask_rules } from "../mask/index.ts";
import { DUCKDB_MEMORY_BYTES_DEFAULT_MAX, DUCKDB_MEMORY_BYTES_MIN } from "./limits.ts";
import { env_name, flag_name, is_setting, SETTINGS, type SettingName } from "./settings.ts";

type Values = { [Name in SettingName]: z.output<(typeof SETTINGS)[Name]["schema"]> };

/** All settings, checked; paths are absolute. */
export type Config = Readonly<
  Omit<Values, "data_dir" | "db_duckdb_path" | "duckdb_memory_bytes"> & {
    data_dir: string;
    db_duckdb_path: string;
    duckdb_memory_bytes: number;
  }
>;

export type ConfigSources = {
  /** By setting name; only flags that were given. */
  flags: Partial<Record<SettingName, unknown>>;
  env: Record<string, string | undefined>;
  /** The parsed TOML file, if there is one. */
  file?: { path: string; values: Record<string, unknown> };
};

/** A setting is unknown, unreadable or at odds with another. The message is one line. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** Reads and checks all settings. Throws ConfigError. Looks at disk and memory only to choose defaults. */
export function load_config(sources: ConfigSources): Config {
  const file = sources.file;
  const unknown = Object.keys(file?.values ?? {}).find((name) => !is_setting(name));
  if (unknown !== undefined) throw new ConfigError(`${file?.path}: unknown setting "${unknown}"`);

  const entries = (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, read_setting(name, sources)]);
  const values = Object.fromEntries(entries) as Values;

  const data_dir = resolve(values.data_dir ?? default_data_dir());
  const db_duckdb_path = resolve(values.db_duckdb_path ?? join(data_dir, "duckdb", "traces.duckdb"));
  const duckdb_memory_bytes = values.duckdb_memory_bytes ?? default_duckdb_memory_bytes();
  refuse_half_of_tls(values);
  refuse_equal_ports(values);
  refuse_bad_mask(values);
  if (values.forward_otlp !== undefined && values.ingestion_grpc_host !== undefined) {
    throw new ConfigError("FORWARD_OTLP needs the queue of this process: not with INGESTION_GRPC_HOST");
  }
  // Rules that are silently of no effect are worse than none.
  const has_mask = values.mask_attributes.length + values.mask_patterns.length + values.mask_regexps.length > 0;
  if (has_mask && values.ingestion_grpc_host !== undefined) {
    throw new ConfigError(
      "MASK_ATTRIBUTES, MASK_PATTERNS and MASK_REGEXPS are for whoever receives requests: not with INGESTION_GRPC_HOST",
    );
  }
  return { ...values, data_dir, db_duckdb_path, duckdb_memory_bytes };
}

function refuse_bad_mask(values: Values): void {
  try {
    mask_rules(values);
  } catch (error) {
    if (!(error instanceof MaskError)) throw error;
    throw new ConfigError(`${error.message} (MASK_PATTERNS, MASK_REGEXPS)`);
  }
}

function read_setting(name: SettingName, { flags, env, file }: ConfigSources): unknown {
  const { schema, initial } = SETTINGS[name];
  const candidates: [origin: string, value: unknown][] = [
    [flag_name(name), flags[name]],
    [env_name(name), env[env_name(name)]],
    [`${file?.path}: ${name}`, file?.values[name]],
  ];
  // An empty text means "not set": compose files and unit files write variables that way.
  const [origin, value] = candidates.find(([, value]) => value !== undefined && value !== "") ?? [];
  if (value === undefined) return initial;
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]?.message ?? "not readable";
  const shown = /_keys?$/.test(name) ? "…" : JSON.stringify(value);
  throw new ConfigError(`${origin}=${shown}: ${issue}`);
}

/** /dbdata is where a container mounts its volume; elsewhere the data stays in the working directory. */
function default_data_dir(): string {
  try {
    if (statSync("/dbdata").isDirectory()) {
      accessSync("/dbdata", constants.W_OK);
      return "/dbdata";
    }
  } catch {
    // Not there or not ours to write: the usual case outside a container.
  }
  return "./.dbdata";
}

/** The rest is for the hot tier, the runtime, and the system's cache of files. */
function default_duckdb_memory_bytes(): number {
  const eighth = Math.floor((process.constrainedMemory() || totalmem()) / 8);
  return Math.max(DUCKDB_MEMORY_BYTES_MIN, Math.min(DUCKDB_MEMORY_BYTES_DEFAULT_MAX, eighth));
}

/** To be called before anything listens: throws ConfigError when strangers could. `has_keys`: the key file holds some. */
export function refuse_open_listeners({ host, api_keys, insecure }: Config, has_keys: boolean): void {
  const is_loopback = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  if (is_loopback || has_keys || api_keys.length > 0 || insecure) return;
  throw new ConfigError(
    `HOST=${host} listens beyond this machine without API keys: make one with "junjo-traces keys add", set API_KEYS, ` +
      "or say --insecure if that is meant",
  );
}

function refuse_half_of_tls({ tls_cert_path, tls_key_path, ingestion_tls, ingestion_tls_ca_path }: Values): void {
  if ((tls_cert_path === undefined) !== (tls_key_path === undefined)) {
    throw new ConfigError("TLS_CERT_PATH and TLS_KEY_PATH go together");
  }
  if (ingestion_tls_ca_path !== undefined && !ingestion_tls) {
    throw new ConfigError("INGESTION_TLS_CA_PATH is for INGESTION_TLS=true");
  }
}

function refuse_equal_ports(values: Values): void {
  const names = ["http_port", "otlp_grpc_port", "otlp_http_port", "read_spans_port", "auth_grpc_port"] as const;
  const taken = new Map<number, string>();
  for (const name of names) {
    const port = values[name];
    if (port === undefined || port === 0) continue;
    const other = taken.get(port);
    if (other !== undefined) throw new ConfigError(`${env_name(name)} and ${other} are both ${port}`);
    taken.set(port, env_name(name));
  }
}
