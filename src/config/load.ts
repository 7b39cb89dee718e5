import { accessSync, constants, statSync } from "node:fs";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import type { z } from "zod";
import { env_name, flag_name, is_setting, SETTINGS, type SettingName } from "./settings.ts";

type Values = { [Name in SettingName]: z.output<(typeof SETTINGS)[Name]["schema"]> };

/** All settings, checked; paths are absolute. */
export type Config = Readonly<
  Omit<Values, "data_dir" | "db_duckdb_path"> & { data_dir: string; db_duckdb_path: string }
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

/** Reads and checks all settings. Throws ConfigError. Looks at the disk only to choose the default of DATA_DIR. */
export function load_config(sources: ConfigSources): Config {
  const file = sources.file;
  const unknown = Object.keys(file?.values ?? {}).find((name) => !is_setting(name));
  if (unknown !== undefined) throw new ConfigError(`${file?.path}: unknown setting "${unknown}"`);

  const entries = (Object.keys(SETTINGS) as SettingName[]).map((name) => [name, read_setting(name, sources)]);
  const values = Object.fromEntries(entries) as Values;

  const data_dir = resolve(values.data_dir ?? default_data_dir());
  const db_duckdb_path = resolve(values.db_duckdb_path ?? join(data_dir, "duckdb", "traces.duckdb"));
  refuse_open_listeners(values);
  refuse_equal_ports(values);
  return { ...values, data_dir, db_duckdb_path };
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

function refuse_open_listeners({ host, api_keys, insecure }: Values): void {
  const is_loopback = host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
  if (is_loopback || api_keys.length > 0 || insecure) return;
  throw new ConfigError(
    `HOST=${host} listens beyond this machine without API_KEYS: set API_KEYS, or say --insecure if that is meant`,
  );
}

function refuse_equal_ports(values: Values): void {
  const names = ["http_port", "otlp_grpc_port", "otlp_http_port", "read_spans_port"] as const;
  const taken = new Map<number, string>();
  for (const name of names) {
    const other = taken.get(values[name]);
    if (other !== undefined && values[name] !== 0) {
      throw new ConfigError(`${env_name(name)} and ${other} are both ${values[name]}`);
    }
    taken.set(values[name], env_name(name));
  }
}
