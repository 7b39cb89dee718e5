import { DuckDBInstance } from "@duckdb/node-api";

/** What a statement gives on the database of a file, or one of its own. */
export async function run_sql(sql: string, path = ":memory:"): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
