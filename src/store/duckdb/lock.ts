import { DuckDBInstance } from "@duckdb/node-api";
import { StoreError } from "../types.ts";
import { first_line } from "./database.ts";

/** Enough to replay DuckDB's log, at its longest, without writing it back. */
const MEMORY_LIMIT = "2GB";

/** Keeps every other process from writing to the DuckDB file. Rejects with StoreError when one has it open. */
export async function lock_store_file(path: string): Promise<AsyncDisposable> {
  const options = { access_mode: "READ_ONLY", memory_limit: MEMORY_LIMIT, threads: "1" };
  const instance = await DuckDBInstance.create(path, options).catch((error: unknown) => {
    throw new StoreError("unavailable", `can't lock ${path}: ${first_line(error)}`, { cause: error });
  });
  return { [Symbol.asyncDispose]: async () => instance.closeSync() };
}
