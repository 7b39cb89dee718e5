import type { DuckDBConnection } from "@duckdb/node-api";
import { StoreError } from "../types.ts";

/** What the connection, which is `work`'s alone, does is broken off after that long: then it rejects with `timeout`. */
export async function within_deadline<Result>(
  connection: DuckDBConnection,
  ms_max: number,
  work: () => Promise<Result>,
): Promise<Result> {
  let is_late = false;
  const deadline = setTimeout(() => {
    is_late = true;
    connection.interrupt();
  }, ms_max);
  try {
    return await work();
  } catch (error) {
    if (!is_late) throw error;
    throw new StoreError("timeout", `the question took longer than ${ms_max} ms`, { cause: error });
  } finally {
    clearTimeout(deadline);
  }
}
