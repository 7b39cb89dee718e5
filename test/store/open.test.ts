import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "bun:test";
import { join } from "node:path";
import { open_store } from "../../src/store/index.ts";
import { STORE_OPTIONS } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

async function run_on_file(path: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

describe("opening a store", () => {
  it("makes the directories on the way", async () => {
    using directory = temp_dir();
    await using store = await open_store({ path: join(directory.path, "a/b/c.duckdb"), ...STORE_OPTIONS });
    expect(await store.position("any")).toBeNull();
  });

  it("refuses a file that a later release has written", async () => {
    using directory = temp_dir();
    const path = join(directory.path, "traces.duckdb");
    await (await open_store({ path, ...STORE_OPTIONS }))[Symbol.asyncDispose]();
    await run_on_file(path, "INSERT INTO schema_migrations (version, name) VALUES (99, 'from the future')");
    const opening = open_store({ path, ...STORE_OPTIONS });
    expect(opening).rejects.toMatchObject({ name: "StoreError", code: "schema_too_new" });
    await opening.catch(() => undefined);
  });
});
