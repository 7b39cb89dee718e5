import type { DuckDBConnection } from "@duckdb/node-api";
import type { ReaderPool } from "../reader-pool.ts";
import type { View, Views } from "../views.ts";

/** Asks something of the rows of the moment, whose tables in memory are filled. */
export function ask<Result>(
  readers: ReaderPool,
  views: Views,
  work: (connection: DuckDBConnection, view: View) => Promise<Result>,
): Promise<Result> {
  return readers.use(async (connection) => {
    using held = views.hold();
    for (const { tables } of held.view.generations) await tables.fill(connection);
    return await work(connection, held.view);
  });
}
