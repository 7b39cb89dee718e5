import { version } from "../../package.json" with { type: "json" };
import { AccessError, key_file_path, read_keys } from "../access/index.ts";
import { type Config, ConfigError, load_config, refuse_open_listeners } from "../config/index.ts";
import type { ExportOptions } from "../inspect/index.ts";
import { create_logger } from "../observe/index.ts";
import { type Invocation, parse_arguments, UsageError } from "./arguments.ts";
import type { CommandName } from "./commands.ts";
import { read_config_file } from "./config-file.ts";
import { type DataOptions, export_options, OptionError, sql_options } from "./data-options.ts";
import { print_health, reachable } from "./health.ts";
import { print_keys, print_new_key, revoke_key } from "./keys.ts";
import { print_mask_counts } from "./mask.ts";
import { print_sql } from "./sql.ts";
import { run_until_signal } from "./run-until-signal.ts";
import { print_verification } from "./verify.ts";

type Environment = Record<string, string | undefined>;

export async function run(argv: readonly string[], env: Environment): Promise<number> {
  try {
    const invocation = parse_arguments(argv);
    if (invocation === null) return 0;
    const settings = () => settings_of(invocation, env);
    return (await ACTIONS[invocation.command](invocation, settings, env)) ?? 0;
  } catch (error) {
    if (!is_expected(error)) throw error;
    console.error(`junjo-traces: ${error.message}`);
    return error instanceof AccessError ? 1 : 2;
  }
}

/** What a command does with its arguments and the settings, which are read when it asks for them. Nothing: code 0. */
type Action = (
  invocation: Invocation,
  settings: () => Config,
  env: Environment,
) => void | number | Promise<void | number>;

/** Rooms that load much are loaded by the commands that need them. */
const ACTIONS: Record<CommandName, Action> = {
  serve: (_, settings) => run_server("serve", settings()),
  ingest: (_, settings) => run_server("ingest", settings()),
  "keys add": ({ key }, settings) => print_new_key(key_file_path(settings()), key),
  "keys list": (_, settings) => print_keys(key_file_path(settings())),
  "keys revoke": ({ operands }, settings) => revoke_key(key_file_path(settings()), operands[0]),
  backup: ({ operands }, settings) => run_backup(settings(), operands[0]),
  export: ({ options }, settings) => told(() => run_export(settings(), export_options(options))),
  sql: ({ operands, options }, settings) => told(() => print_sql(settings(), operands[0], sql_options(options))),
  mcp: ({ options }, _, env) => told(() => run_mcp(options, env)),
  verify: (_, settings) => told(() => print_verification(settings())),
  demo: ({ operands }, settings, env) => told(() => run_demo(settings(), operands[0], env)),
  mask: (_, settings) => told(() => print_mask_counts(settings())),
  health: (_, settings) => print_health(settings()),
  openapi: async () => {
    const { openapi_document } = await import("../http/index.ts");
    console.log(JSON.stringify(openapi_document(), null, 2));
  },
  version: () => console.log(version),
};

async function run_backup(config: Config, directory: string): Promise<number> {
  const { BackupError, make_backup } = await import("../backup/index.ts");
  try {
    const { path, files } = await make_backup(config, directory);
    for (const { name, bytes } of files) console.log(`${path}/${name}: ${bytes} bytes`);
    return 0;
  } catch (error) {
    if (!(error instanceof BackupError)) throw error;
    console.error(`junjo-traces: no backup: ${error.message}`);
    return 1;
  }
}

async function run_export(config: Config, options: ExportOptions): Promise<number> {
  const { export_rows } = await import("../inspect/index.ts");
  await export_rows(config, options);
  return 0;
}

/** The key that a client of a server shows is not a setting of the server. */
async function run_demo(config: Config, url: string | undefined, env: Environment): Promise<number> {
  const { send_demo } = await import("../demo/index.ts");
  const { host, otlp_http_port, tls_cert_path } = config;
  const own_url = `${tls_cert_path === undefined ? "http" : "https"}://${reachable(host)}:${otlp_http_port}`;
  const count = await send_demo(url ?? own_url, env.JUNJO_TRACES_API_KEY ?? null);
  console.log(`${count} traces were sent to ${url ?? own_url}`);
  return 0;
}

async function run_mcp({ url, apiKey }: DataOptions, env: Environment): Promise<number> {
  const { serve_mcp } = await import("../mcp/index.ts");
  await serve_mcp({
    url: url ?? env.JUNJO_TRACES_URL ?? "http://127.0.0.1:1323",
    api_key: apiKey ?? env.JUNJO_TRACES_API_KEY,
  });
  return 0;
}

/** Says in one line what rooms that are loaded late have refused. */
async function told(work: () => Promise<number>): Promise<number> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !TOLD.has(error.name)) throw error;
    console.error(`junjo-traces: ${error.message}`);
    return 1;
  }
}

const TOLD: ReadonlySet<string> = new Set(["InspectError", "BackupError", "StoreError", "DemoError", "McpError"]);

function run_server(command: "serve" | "ingest", config: Config): Promise<number> {
  refuse_open_listeners(config, read_keys(key_file_path(config)).length > 0);
  return run_until_signal(async () => {
    const halves = await import("../serve.ts");
    return halves[command](config);
  }, create_logger(config.log_level));
}

function settings_of({ config_path, flags }: Invocation, env: Environment): Config {
  const path = config_path ?? env.CONFIG_FILE;
  return load_config({ flags, env, file: path ? read_config_file(path) : undefined });
}

const is_expected = (error: unknown): error is Error =>
  [UsageError, OptionError, ConfigError, AccessError].some((kind) => error instanceof kind);
