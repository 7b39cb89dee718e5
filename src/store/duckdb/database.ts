import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { segments_directory } from "../../config/index.ts";
import { StoreError } from "../types.ts";
import { check_length } from "./damage.ts";
import { HOT_DATABASE } from "./hot/hot-tables.ts";
import { sql_list } from "./row-source.ts";
import { apply_schema } from "./schema.ts";

export type DatabaseOptions = {
  path: string;
  /** DuckDB's memory_limit. */
  memory_bytes: number;
  threads: number;
};

const temp_directory = (database_path: string): string => `${database_path}.tmp`;

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
    temp_directory: temp_directory(options.path),
    // Checkpoints of the tables in memory would write them anew again and again, at 100 µs a row. Catalog.change looks
    // after the file's.
    checkpoint_threshold: "1TB",
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
    await connection.run(`ATTACH ':memory:' AS ${HOT_DATABASE}`);
    await close_doors(connection, options.path);
    connection.closeSync();
  } catch (error) {
    instance.closeSync();
    throw error;
  }
  return instance;
}

/** From here on no statement, whoever has written it, reaches a file but those of the store. */
async function close_doors(connection: DuckDBConnection, path: string): Promise<void> {
  const directories = sql_list([segments_directory(path), temp_directory(path)]);
  await connection.run(`SET allowed_directories = [${directories}]`);
  await connection.run("SET enable_external_access = false");
}

/** All of it, or nothing when `work` or the commit rejects. */
export async function in_transaction<Result>(
  connection: DuckDBConnection,
  work: () => Promise<Result>,
): Promise<Result> {
  await connection.run("BEGIN");
  try {
    const result = await work();
    await connection.run("COMMIT");
    return result;
  } catch (error) {
    // After a failed COMMIT there is no transaction left to roll back, and the first error is the one that counts.
    await connection.run("ROLLBACK").catch(() => undefined);
    throw error;
  }
}

/** A connection whose times are UTC. */
export async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  // Segments never change: what is known of a file is not read again for each question.
  await connection.run("SET parquet_metadata_cache = true");
  return connection;
}

/** What a person needs of an error of DuckDB's, which may go on for many lines. */
export const first_line = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
