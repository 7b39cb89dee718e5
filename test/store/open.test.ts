import { DuckDBInstance } from "@duckdb/node-api";
import { describe, expect, it } from "bun:test";
import { join } from "node:path";
import { open_store } from "../../src/store/index.ts";
import { hex, span_init } from "../support/otlp.ts";
import { append_spans, open_test_store, page_rows, STORE_OPTIONS } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

async function run_on_file(path: string, ...statements: string[]): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  for (const sql of statements) await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

describe("opening a store", () => {
  it("finds what was stored before, and may be done again and again", async () => {
    using directory = temp_dir();
    const span = span_init();
    for (const wanted of [1, 0, 0]) {
      await using store = await open_test_store(directory.path);
      expect((await append_spans(store, [span])).inserted_spans).toBe(wanted);
      const rows = await page_rows(store.trace_spans(hex(span.traceId as Uint8Array), { limit: null, offset: 0 }));
      expect(rows.length).toBe(1);
    }
  });

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

  it("refuses calls after it is closed", async () => {
    using directory = temp_dir();
    const store = await open_test_store(directory.path);
    await store[Symbol.asyncDispose]();
    await store[Symbol.asyncDispose]();
    const asking = store.position("any");
    expect(asking).rejects.toMatchObject({ code: "closed" });
    await asking.catch(() => undefined);
  });
});
