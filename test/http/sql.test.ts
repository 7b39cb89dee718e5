import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { existsSync } from "node:fs";
import { start_test_api, type TestApi } from "../support/http.ts";
import { int_value, new_id, span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";

let api: TestApi;
beforeAll(async () => {
  api = await start_test_api();
  const patch = text_attributes({ "junjo.state_json_patch": "[]" });
  await api.add([span_init({ name: "cold", events: [{ name: "set_state", attributes: patch }] })], "sql");
  await api.store.seal();
  const attributes = [{ key: "big", value: int_value(9223372036854775807n) }];
  await api.add([span_init({ name: "hot", traceId: new_id(16), attributes })], "sql");
});
afterAll(() => api[Symbol.asyncDispose]());

const ask = (sql: string) =>
  api.get("/sql", { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ sql }) });

describe("POST /sql", () => {
  it("answers a SELECT over hot and cold rows, with names and types", async () => {
    const response = await ask("SELECT name, start_time_nanosecond FROM spans ORDER BY name");
    expect(await response.json()).toEqual({
      columns: [
        { name: "name", type: "VARCHAR" },
        { name: "start_time_nanosecond", type: "INTEGER" },
      ],
      rows: [
        ["cold", 0],
        ["hot", 0],
      ],
      truncated: false,
    });
    const patches = await ask("WITH p AS (FROM state_patches) SELECT count(*), any_value(patch_json) FROM p");
    expect(((await patches.json()) as { rows: unknown[] }).rows).toEqual([[1, "[]"]]);
  });

  it("keeps every digit, and says when there were more rows", async () => {
    const big = await ask("SELECT (attributes_json->>'big')::BIGINT, 'nan'::DOUBLE FROM spans WHERE name = 'hot'");
    expect(await big.text()).toContain('"rows":[[9223372036854775807,"NaN"]]');
    const many = (await (await ask("SELECT * FROM range(20000)")).json()) as { rows: unknown[]; truncated: boolean };
    expect([many.rows.length, many.truncated]).toEqual([10_000, true]);
  });

  it.each([
    "DROP TABLE segments",
    "DELETE FROM dead_letters",
    "SELECT 1; SELECT 2",
    "",
    "SELEC 1",
    "SELECT * FROM no_such_table",
    "SET memory_limit = '1TB'",
    "ATTACH 'other.duckdb'",
    "INSTALL httpfs",
    "COPY (SELECT 1) TO 'out.csv'",
    "CREATE TEMP TABLE t AS SELECT 1",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM glob('/etc/*')",
    "CHECKPOINT",
    "EXPORT DATABASE 'x'",
    "PRAGMA enable_profiling",
    "SELECT * FROM enable_profiling(format = 'json', save_location = 'out.csv')",
    "SELECT (SELECT count(*) FROM ENABLE_LOGGING(storage = 'file', storage_config = {'path': 'out.csv'}))",
    'WITH t AS (FROM "enable_logging"()) SELECT * FROM t',
    "FROM spans, LATERAL (FROM main.checkpoint())",
    "FROM query('SELECT 1')",
    "FROM json_execute_serialized_sql('{}')",
    "FROM read_blob('*')",
    "FROM histogram_values('spans.parquet', name)",
    "FROM 'traces.duckdb'",
    "DESCRIBE FROM 'spans.parquet'",
    "SELECT write_log('text')",
    "SELECT sleep_ms(1)",
  ])("refuses %p, and goes on", async (sql) => {
    const response = await ask(sql);
    expect(response.status).toBe(400);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(existsSync("out.csv")).toBe(false);
    expect(await (await ask("SELECT count(*) FROM spans")).json()).toMatchObject({ rows: [[2]] });
  });

  it.each([
    "DESCRIBE spans",
    "SUMMARIZE SELECT name FROM spans",
    "SHOW TABLES",
    "FROM information_schema.columns LIMIT 1",
    "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 9) SELECT sum(n) OVER () FROM t",
    "SELECT s.name, e.key FROM spans s, json_each(s.attributes_json) e, unnest([1, 2]), generate_series(1, 2)",
    "SELECT DISTINCT ON (name) * EXCLUDE (events_json) FROM spans QUALIFY row_number() OVER (PARTITION BY kind) = 1",
    "SELECT uuid(), random(), now(), list_transform([1], lambda x: x + 1)",
  ])("answers %p", async (sql) => {
    const response = await ask(sql);
    expect([response.status, await response.text()]).toEqual([200, expect.stringContaining('"rows":[[')]);
  });

  it("is cut off when it has much text", async () => {
    const response = await ask("SELECT repeat('x', 1000000) FROM range(1000)");
    const { rows, truncated } = (await response.json()) as { rows: unknown[]; truncated: boolean };
    expect([rows.length, truncated]).toEqual([34, true]);
  });

  it("is refused, to be asked again later, when too many wait", async () => {
    await using busy = await start_test_api();
    const body = JSON.stringify({ sql: "SELECT count(*) FROM range(1000000000000)" });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    const answers: Response[] = [];
    const asked = Array.from({ length: 80 }, async () => answers.push(await busy.get("/sql", init)));
    await poll_until(() => answers.length > 0, { what: "an answer" });
    expect(answers.map(({ status, headers }) => [status, headers.get("retry-after")])).toContainEqual([503, "1"]);
    await busy.store[Symbol.asyncDispose]();
    await Promise.all(asked);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([503]));
  });

  it("needs a key that may read", async () => {
    await using closed = await start_test_api({ api_keys: ["reader:read", "sender:ingest"] });
    const statuses = [];
    for (const key of ["reader", "sender", "unknown"]) {
      const headers = { "content-type": "application/json", "x-api-key": key };
      statuses.push(
        (await closed.get("/sql", { method: "POST", headers, body: JSON.stringify({ sql: "SELECT 1" }) })).status,
      );
    }
    expect(statuses).toEqual([200, 403, 401]);
  });
});
