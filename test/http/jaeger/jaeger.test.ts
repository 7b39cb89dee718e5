import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { parse_exact } from "../../support/exact-json.ts";
import { start_test_api, type TestApi } from "../../support/http.ts";
import { schema_errors } from "../../support/openapi-schema.ts";
import { hex, int_value, new_id, span_init, text_attributes } from "../../support/otlp.ts";

const TIME = 1_795_456_800_123_456_789n;
const TIME_US = TIME / 1000n;
const SECOND_US = 1_000_000n;
const RANGE = { start: String(TIME_US - SECOND_US), end: String(TIME_US + SECOND_US) };
const [CART, FAILED] = [new_id(16), new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7])];

let api: TestApi;
beforeAll(async () => {
  api = await start_test_api();
  const root = { traceId: CART, spanId: new_id(8), startTimeUnixNano: TIME, endTimeUnixNano: TIME + 3_000_000_000n };
  const attributes = [
    ...text_attributes({ "http.route": "/cart/:id", region: "eu: north" }),
    { key: "http.status_code", value: int_value(200n) },
    { key: "retried", value: { value: { case: "boolValue" as const, value: true } } },
  ];
  await api.add([span_init({ ...root, name: "GET /cart", kind: 2, attributes })], "shop");
  const child = { traceId: CART, parentSpanId: root.spanId, startTimeUnixNano: TIME, endTimeUnixNano: TIME + 1_000n };
  await api.add([span_init({ ...child, name: "charge", kind: 3 }), span_init({ ...child, name: "log" })], "payments");
  const failed = { traceId: FAILED, startTimeUnixNano: TIME - 1_000n, endTimeUnixNano: TIME, kind: 0 };
  await api.add([span_init({ ...failed, name: "sweep", status: { code: 2, message: "no dust" } })], "shop");
});
afterAll(() => api[Symbol.asyncDispose]());

type Query = Record<string, string> | [string, string][];
type Trace = { traceID: string; spans: { operationName: string; processID: string }[]; processes: object };
type Answer<Data> = { data: Data; total: number; errors: unknown };

async function answer<Body>(route: string, path: string, query: Query = {}): Promise<Body> {
  const response = await api.get(`${path}?${new URLSearchParams(query).toString()}`);
  const body = (await response.json()) as Body;
  expect([response.status, body]).toEqual([200, expect.anything()]);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(schema_errors(route, 200, "application/json", body)).toEqual([]);
  return body;
}

const search = async (query: Query) => {
  const { data } = await answer<Answer<Trace[]>>("/api/traces", "/api/traces", query);
  return data.map(({ traceID }) => traceID);
};
const of_shop = (query: Record<string, string>) => search({ service: "shop", ...RANGE, ...query });
const [CART_ID, FAILED_ID] = [hex(CART), hex(FAILED).slice(16)];

describe("Jaeger's JSON API", () => {
  it("names services and operations", async () => {
    const names = { limit: 0, offset: 0, errors: null };
    expect(await answer<unknown>("/api/services", "/api/services")).toEqual({
      ...names,
      data: ["payments", "shop"],
      total: 2,
    });
    const route = "/api/services/{service_name}/operations";
    expect(await answer<unknown>(route, "/api/services/shop/operations")).toEqual({
      ...names,
      data: ["GET /cart", "sweep"],
      total: 2,
    });
    const operations = async (query: Query) =>
      (await answer<Answer<unknown>>("/api/operations", "/api/operations", query)).data;
    expect(await operations({ service: "shop" })).toEqual([
      { name: "GET /cart", spanKind: "server" },
      { name: "sweep", spanKind: "" },
    ]);
    expect(await operations({ service: "payments", spanKind: "client" })).toEqual([
      { name: "charge", spanKind: "client" },
    ]);
  });

  it("finds traces by service and operation, newest first, and gives them whole", async () => {
    expect(await of_shop({})).toEqual([CART_ID, FAILED_ID]);
    expect(await of_shop({ limit: "1" })).toEqual([CART_ID]);
    expect(await of_shop({ operation: "sweep" })).toEqual([FAILED_ID]);
    expect(await of_shop({ end: String(TIME_US - 1n) })).toEqual([FAILED_ID]);
    const { data } = await answer<Answer<Trace[]>>("/api/traces", "/api/traces", { service: "payments", ...RANGE });
    expect(data).toHaveLength(1);
    expect(data[0].spans.map(({ operationName }) => operationName).sort()).toEqual(["GET /cart", "charge", "log"]);
    expect(Object.keys(data[0].processes)).toEqual(["p1", "p2"]);
  });

  it.each([
    [{ tags: '{"http.status_code":"200"}' }, [CART_ID]],
    [{ tags: '{"http.status_code":"20"}' }, []],
    [{ tags: '{"http.route":"/cart/:id","retried":"true"}' }, [CART_ID]],
    [{ tags: '{"http.route":"/cart/:id","retried":"false"}' }, []],
    [{ tag: "region:eu: north" }, [CART_ID]],
    [{ tag: "service.name:shop" }, [CART_ID, FAILED_ID]],
    [{ tags: '{"error":"true"}' }, [FAILED_ID]],
    [{ tag: "span.kind:server" }, [CART_ID]],
    [{ tag: "otel.status_code:ERROR" }, [FAILED_ID]],
    [{ tag: "otel.status_description:no dust" }, [FAILED_ID]],
    [{ tag: "otel.scope.name:test" }, [CART_ID, FAILED_ID]],
    [{ minDuration: "1.2s" }, [CART_ID]],
    [{ maxDuration: "100ms" }, [FAILED_ID]],
    [{ minDuration: "1us", maxDuration: "1us" }, [FAILED_ID]],
    [{ minDuration: "", maxDuration: "", operation: "", tags: "", lookback: "1h" }, [CART_ID, FAILED_ID]],
  ] as [Record<string, string>, string[]][])("finds traces by %p", async (query, found) => {
    expect(await of_shop(query)).toEqual(found);
  });

  it("looks two days back, or as far as it is told to", async () => {
    const until = { service: "shop", end: String(TIME_US + 3n * 86_400n * SECOND_US) };
    expect(await search(until)).toEqual([]);
    expect(await search({ ...until, lookback: "1w" })).toHaveLength(2);
  });

  it("gives a trace by its id, which may be without zeros in front", async () => {
    for (const id of [FAILED_ID, hex(FAILED), FAILED_ID.replace(/^0+/, ""), FAILED_ID.toUpperCase()]) {
      const { data } = await answer<Answer<Trace[]>>("/api/traces/{trace_id}", `/api/traces/${id}`);
      expect(data).toEqual([expect.objectContaining({ traceID: FAILED_ID })]);
    }
    const unknown = await api.get("/api/traces/abc");
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ data: null, errors: [{ code: 404 }] });
    const query: Query = [
      ["traceID", CART_ID],
      ["traceID", "abc"],
    ];
    const both = await answer<Answer<Trace[]>>("/api/traces", "/api/traces", query);
    expect(both.data).toHaveLength(1);
    expect(both.errors).toEqual([{ msg: "trace not found", traceID: "0000000000000abc" }]);
  });

  it("says which service calls which", async () => {
    const ms = (us: bigint) => String(us / 1000n);
    const calls = (query: Query) => answer<Answer<unknown>>("/api/dependencies", "/api/dependencies", query);
    const range = { endTs: ms(TIME_US + SECOND_US), lookback: "60000" };
    expect((await calls(range)).data).toEqual([{ parent: "shop", child: "payments", callCount: 2 }]);
    expect((await calls({ ...range, service: "nobody" })).data).toEqual([]);
    expect((await calls({ endTs: ms(TIME_US - SECOND_US), lookback: "60000" })).data).toEqual([]);
  });

  it.each([
    ["/api/traces", "service: is required"],
    ["/api/operations", "service: is required"],
    ["/api/traces?service=a&limit=0", "limit: expected a whole number from 1 to 1500"],
    ["/api/traces?service=a&start=now", "start: expected a whole number"],
    ["/api/traces?service=a&start=2&end=1", "start: must be before end"],
    ["/api/traces?service=a&minDuration=12", "minDuration: expected a duration such as 1.2s"],
    ["/api/traces?service=a&minDuration=2s&maxDuration=1s", "maxDuration: should be greater than minDuration"],
    ["/api/traces?service=a&tags=x", "tags: expected a JSON object"],
    ["/api/traces?service=a&tag=x", "tag: expected key:value"],
    ["/api/traces/xyz", "trace_id: expected up to 32 hex digits"],
    ["/api/dependencies?lookback=1h", "lookback: expected a whole number"],
  ])("answers %s as its clients show errors", async (path, message) => {
    const response = await api.get(path);
    const body = (await response.json()) as { errors: { code: number; msg: string }[] };
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "application/json"]);
    expect(body.errors).toEqual([{ code: 400, msg: expect.stringContaining(message) }]);
    expect(schema_errors("/api/traces", 400, "application/json", body)).toEqual([]);
  });

  it("has headers alone for HEAD, and no other methods or paths", async () => {
    expect(await (await api.get(`/api/traces/${CART_ID}`, { method: "HEAD" })).text()).toBe("");
    const refused = await api.get("/api/services", { method: "POST" });
    expect([refused.status, refused.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect(await (await api.get("/api/nope")).json()).toMatchObject({ errors: [{ code: 404 }] });
  });

  it("needs a key where there are keys", async () => {
    await using locked = await start_test_api({ api_keys: ["secret"] });
    for (const path of ["/api/services", "/api/v3/services", "/api/nope"]) {
      const without = await locked.get(path);
      expect([without.status, without.headers.get("www-authenticate")]).toEqual([401, 'Bearer realm="junjo-traces"']);
    }
    expect((await locked.get("/api/services", { headers: { authorization: "Bearer secret" } })).status).toBe(200);
  });
});

describe("what real SDKs have sent", () => {
  const CAPTURES = join(import.meta.dir, "..", "..", "captures");

  it("is answered as the document says, every trace and span of it", async () => {
    await using own = await start_test_api();
    for (const name of readdirSync(CAPTURES).filter((name) => name.endsWith(".pb"))) {
      await own.add_request(await Bun.file(join(CAPTURES, name)).bytes());
    }
    const { rows } = await own.store.sql("SELECT trace_id, count(*) FROM spans GROUP BY ALL");
    expect(rows.length).toBeGreaterThan(10);
    for (const [trace_id, count] of rows) {
      const text = await (await own.get(`/api/traces/${String(trace_id)}`)).text();
      const body = JSON.parse(text) as Answer<Trace[]>;
      expect(schema_errors("/api/traces/{trace_id}", 200, "application/json", body)).toEqual([]);
      expect(body.data[0].spans).toHaveLength(Number(count));
      for (const { processID } of body.data[0].spans) expect(body.data[0].processes).toHaveProperty(processID);
      // No number is beyond what its clients can hold.
      expect(parse_exact(text)).toEqual(body);
    }
    const { names } = await own.store.service_names({ limit: null, offset: 0 });
    for (const service of names) {
      const query = new URLSearchParams({ service, start: "0", end: "9000000000000000", limit: "1500" }).toString();
      const { data } = (await (await own.get(`/api/traces?${query}`)).json()) as Answer<Trace[]>;
      const found = await own.store.sql(
        `SELECT DISTINCT trace_id FROM spans WHERE service_name = '${service.replaceAll("'", "''")}'`,
      );
      expect(data).toHaveLength(found.rows.length);
    }
  });
});
