import { describe, expect, it } from "bun:test";
import { join } from "node:path";
import { open_store } from "../../src/store/index.ts";
import { run_sql } from "../support/sql.ts";
import { STORE_OPTIONS } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

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
    await run_sql("INSERT INTO schema_migrations (version, name) VALUES (99, 'from the future')", path);
    const opening = open_store({ path, ...STORE_OPTIONS });
    expect(opening).rejects.toMatchObject({ name: "StoreError", code: "schema_too_new" });
    await opening.catch(() => undefined);
  });
});
