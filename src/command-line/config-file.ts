import { readFileSync } from "node:fs";
import { ConfigError, type ConfigSources } from "../config/index.ts";

/** Reads settings from a TOML file. Throws ConfigError when it can't be read or is not TOML. */
export function read_config_file(path: string): NonNullable<ConfigSources["file"]> {
  try {
    return { path, values: Bun.TOML.parse(readFileSync(path, "utf8")) as Record<string, unknown> };
  } catch (error) {
    throw new ConfigError(`${path}: ${error instanceof Error ? error.message.split("\n")[0] : String(error)}`, {
      cause: error,
    });
  }
}
