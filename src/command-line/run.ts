import { version } from "../../package.json" with { type: "json" };
import { ConfigError, load_config } from "../config/index.ts";
import { create_logger } from "../observe/index.ts";
import { parse_arguments, UsageError, type Invocation } from "./arguments.ts";
import { read_config_file } from "./config-file.ts";
import { run_until_signal } from "./run-until-signal.ts";

type Environment = Record<string, string | undefined>;

export async function run(argv: readonly string[], env: Environment): Promise<number> {
  try {
    const invocation = parse_arguments(argv);
    return invocation === null ? 0 : await execute(invocation, env);
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof ConfigError)) throw error;
    console.error(`junjo-traces: ${error.message}`);
    return 2;
  }
}

async function execute({ command, config_path, flags }: Invocation, env: Environment): Promise<number> {
  if (command === "version") {
    console.log(version);
    return 0;
  }
  if (command === "openapi") {
    const { openapi_document } = await import("../http/index.ts");
    console.log(JSON.stringify(openapi_document(), null, 2));
    return 0;
  }
  const path = config_path ?? env.CONFIG_FILE;
  const config = load_config({ flags, env, file: path ? read_config_file(path) : undefined });
  return run_until_signal(async () => {
    const halves = await import("../serve.ts");
    return halves[command](config);
  }, create_logger(config.log_level));
}
