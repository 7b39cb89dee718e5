import { rm } from "node:fs/promises";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { PATCH_COLUMNS, SPAN_COLUMNS } from "../../../decode/index.ts";
import { column_definitions, column_names } from "../column-types.ts";
import { connect, type DatabaseOptions } from "../database.ts";
import { sql_list, sql_text } from "../row-source.ts";
import { type PatchSource, patches_sql } from "../segments/patches-sql.ts";
import { remove_leftovers, spill_directory } from "./leftovers.ts";

/** What segments are read with. `path`: the store's, beside which DuckDB may put what has no room in memory. */
export type LeasedOptions = DatabaseOptions;

/** A DuckDB in memory whose views `spans` and `state_patches` are all rows of some segments. */
export class LeasedDatabase implements AsyncDisposable {
  private constructor(
    private readonly instance: DuckDBInstance,
    readonly connection: DuckDBConnection,
    private readonly temp_directory: string,
  ) {}

  /** No statement reaches a file but those of the segments and `also_path`, which may be written. */
  static async open(
    { path, memory_bytes, threads }: LeasedOptions,
    segments: readonly PatchSource[],
    also_path: string | null = null,
  ): Promise<LeasedDatabase> {
    remove_leftovers(path);
    const temp_directory = spill_directory(path, process.pid);
    const instance = await DuckDBInstance.create(":memory:", {
      memory_limit: `${memory_bytes}B`,
      threads: String(threads),
      temp_directory,
      // In order, rows would have to wait for each other in memory.
      preserve_insertion_order: "false",
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      allow_community_extensions: "false",
    });
    try {
      const connection = await connect(instance);
      const paths = segments.flatMap(({ spans_path, patches_path }) => [spans_path, patches_path]);
      const allowed = also_path === null ? paths : [...paths, also_path];
      await connection.run(`SET allowed_paths = [${sql_list(allowed)}]`);
      await connection.run(`SET allowed_directories = [${sql_text(temp_directory)}]`);
      await connection.run("SET enable_external_access = false");
      await name_rows(connection, segments);
      return new LeasedDatabase(instance, connection, temp_directory);
    } catch (error) {
      instance.closeSync();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.connection.closeSync();
    this.instance.closeSync();
    await rm(this.temp_directory, { recursive: true, force: true });
  }
}

async function name_rows(connection: DuckDBConnection, segments: readonly PatchSource[]): Promise<void> {
  if (segments.length === 0) {
    await connection.run(`CREATE TABLE spans (${column_definitions(SPAN_COLUMNS)})`);
    await connection.run(`CREATE TABLE state_patches (${column_definitions(PATCH_COLUMNS)})`);
    return;
  }
  const files = sql_list(segments.map(({ spans_path }) => spans_path));
  await connection.run(`CREATE VIEW spans AS SELECT ${column_names(SPAN_COLUMNS)} FROM read_parquet([${files}])`);
  await connection.run(`CREATE VIEW state_patches AS ${patches_sql(segments)}`);
}
