import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { StoreError } from "../types.ts";
import { check_length } from "./damage.ts";
import { apply_schema } from "./schema.ts";

export type DatabaseOptions = {
  path: string;
  /** DuckDB's memory_limit. */
  memory_bytes: number;
  threads: number;
};

/**
 * Opens the file, creating it and its directory if need be, and brings its schema up to date. Throws StoreError: the
 * file is another process's, damaged, or of a newer release.
 */
export async function open_database(options: DatabaseOptions): Promise<DuckDBInstance> {
  mkdirSync(dirname(options.path), { recursive: true });
  const instance = await DuckDBInstance.create(options.path, {
    // The default, 80 % of the machine's memory, is not ours to take.
    memory_limit: `${options.memory_bytes}B`,
    threads: String(options.threads),
    temp_directory: `${options.path}.tmp`,
    // Small transactions cost three times as much with the default of 16 MB; we checkpoint on purpose.
    checkpoint_threshold: "1GB",
    // Everything needed is in the library; nothing is ever downloaded.
    autoinstall_known_extensions: "false",
    autoload_known_extensions: "false",
    allow_community_extensions: "false",
  }).catch((error: unknown) => {
    throw new StoreError("unavailable", `can't open ${options.path}: ${first_line(error)}`, { cause: error });
  });
  try {
    const connection = await connect(instance);
    await check_length(connection, options.path);
    await apply_schema(connection);
    // A large file's takes longer than a stop may: the next start replays the log instead.
    await connection.run("PRAGMA disable_checkpoint_on_shutdown");
    connection.closeSync();
  } catch (error) {
    instance.closeSync();
    throw error;
  }
  return instance;
}

/** A connection whose times are UTC. */
export async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  return connection;
}

/** What a person needs of an error of DuckDB's, which may go on for many lines. */
export const first_line = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
