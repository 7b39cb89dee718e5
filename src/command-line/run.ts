import { version } from "../../package.json" with { type: "json" };
import { AccessError, key_file_path, read_keys } from "../access/index.ts";
import { type Config, ConfigError, load_config, refuse_open_listeners } from "../config/index.ts";
import { create_logger } from "../observe/index.ts";
import { type Invocation, parse_arguments, UsageError } from "./arguments.ts";
import { read_config_file } from "./config-file.ts";
import { print_health } from "./health.ts";
import { print_keys, print_new_key, revoke_key } from "./keys.ts";
import { run_until_signal } from "./run-until-signal.ts";

type Environment = Record<string, string | undefined>;

export async function run(argv: readonly string[], env: Environment): Promise<number> {
  try {
    const invocation = parse_arguments(argv);
    return invocation === null ? 0 : await execute(invocation, env);
  } catch (error) {
    if (!is_expected(error)) throw error;
    console.error(`junjo-traces: ${error.message}`);
    return error instanceof UsageError || error instanceof ConfigError ? 2 : 1;
  }
}

/** Rooms that load much are loaded by the commands that need them. */
async function execute(invocation: Invocation, env: Environment): Promise<number> {
  switch (invocation.command) {
    case "version":
      console.log(version);
      return 0;
    case "openapi": {
      const { openapi_document } = await import("../http/index.ts");
      console.log(JSON.stringify(openapi_document(), null, 2));
      return 0;
    }
    default:
      return execute_with(settings_of(invocation, env), invocation);
  }
}

async function execute_with(config: Config, { command, operands, key }: Invocation): Promise<number> {
  switch (command) {
    case "keys add":
      print_new_key(key_file_path(config), key);
      return 0;
    case "keys list":
      print_keys(key_file_path(config));
      return 0;
    case "keys revoke":
      revoke_key(key_file_path(config), operands[0]);
      return 0;
    case "backup":
      return run_backup(config, operands[0]);
    case "health":
      return print_health(config);
    case "serve":
    case "ingest":
      return run_server(command, config);
    default:
      throw new UsageError(`${command} takes no settings`);
  }
}

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
  error instanceof UsageError || error instanceof ConfigError || error instanceof AccessError;
