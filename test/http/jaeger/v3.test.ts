import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { otlp_json_to_protobuf } from "../../../src/receive/index.ts";
import { start_test_api, type TestApi } from "../../support/http.ts";
import { schema_errors } from "../../support/openapi-schema.ts";
import { hex, new_id, span_init } from "../../support/otlp.ts";

const TIME = 1_795_456_800_123_456_789n;
const RANGE = {
  "query.start_time_min": "2026-11-23T18:59:00+01:00",
  "query.start_time_max": "2026-11-23T18:01:00.123456789Z",
};
const [SLOW, QUICK] = [new_id(16), new_id(16)];

type Traces = { result: { resourceSpans: { scopeSpans: { spans: { traceId: string }[] }[] }[] } };

let api: TestApi;
beforeAll(async () => {
  api = await start_test_api();
  const slow = { traceId: SLOW, startTimeUnixNano: TIME, endTimeUnixNano: TIME + 3_000_000_000n };
  await api.add([span_init({ ...slow, name: "GET /cart", kind: 2 })], "shop");
  const quick = { traceId: QUICK, startTimeUnixNano: TIME - 1_000n, endTimeUnixNano: TIME };
  await api.add([span_init({ ...quick, name: "sweep", kind: 0 })], "shop");
});
afterAll(() => api[Symbol.asyncDispose]());

async function answer<Body>(route: string, path: string): Promise<Body> {
  const response = await api.get(path);
  const body = (await response.json()) as Body;
  expect([response.status, body]).toEqual([200, expect.anything()]);
  expect(schema_errors(route, 200, "application/json", body)).toEqual([]);
  return body;
}
const ids = ({ result }: Traces) =>
  result.resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map(({ traceId }) => traceId)),
  );
const search = async (query: Record<string, string>) =>
  ids(
    await answer<Traces>("/api/v3/traces", `/api/v3/traces?${new URLSearchParams({ ...RANGE, ...query }).toString()}`),
  );

describe("Jaeger's API of the third version", () => {
  it("names services and operations", async () => {
    expect(await answer<unknown>("/api/v3/services", "/api/v3/services")).toEqual({ services: ["shop"] });
    const operations = (rest: string) =>
      answer<unknown>("/api/v3/operations", `/api/v3/operations?service=shop${rest}`);
    expect(await operations("")).toEqual({
      operations: [
        { name: "GET /cart", spanKind: "server" },
        { name: "sweep", spanKind: "internal" },
      ],
    });
    expect(await operations("&span_kind=server")).toEqual({ operations: [{ name: "GET /cart", spanKind: "server" }] });
  });

  it("finds traces, by names in either spelling", async () => {
    expect(await search({})).toEqual([hex(SLOW), hex(QUICK)]);
    expect(await search({ "query.service_name": "shop", "query.num_traces": "1" })).toEqual([hex(SLOW)]);
    expect(await search({ "query.search_depth": "1" })).toEqual([hex(SLOW)]);
    expect(await search({ "query.operation_name": "sweep" })).toEqual([hex(QUICK)]);
    expect(await search({ "query.duration_min": "1s" })).toEqual([hex(SLOW)]);
    expect(await search({ "query.durationMax": "1s" })).toEqual([hex(QUICK)]);
    expect(await search({ "query.attributes": '{"span.kind":"server"}' })).toEqual([hex(SLOW)]);
    expect(await search({ "query.serviceName": "nobody" })).toEqual([]);
    // As Grafana sends times: with a + as it is.
    const query = "query.start_time_min=2026-11-23T18:59:00+01:00&query.start_time_max=2026-11-23T19:01:00+01:00";
    expect(ids(await answer<Traces>("/api/v3/traces", `/api/v3/traces?${query}`))).toHaveLength(2);
  });

  it.each([
    ["/api/v3/traces/xyz", 400, "trace_id: expected up to 32 hex digits"],
    ["/api/v3/traces/abc", 404, "abc"],
    ["/api/v3/traces?query.start_time_min=yesterday", 400, "query.start_time_min: expected a time"],
    ["/api/v3/traces?query.num_traces=-1", 400, "query.num_traces: expected a whole number"],
    ["/api/v3/operations", 400, "service: is required"],
  ])("answers %s as its gateway does errors", async (path, code, message) => {
    const response = await api.get(path);
    const body: unknown = await response.json();
    expect(response.status).toBe(code);
    expect(body).toEqual({ error: { httpCode: code, message: expect.stringContaining(message) } });
    expect(schema_errors("/api/v3/traces/{trace_id}", code, "application/json", body)).toEqual([]);
  });
});

it("gives what real SDKs have sent as OTLP that becomes the same rows", async () => {
  const captures = join(import.meta.dir, "..", "..", "captures");
  await using from = await start_test_api();
  await using to = await start_test_api();
  for (const name of readdirSync(captures).filter((name) => name.endsWith(".pb"))) {
    await from.add_request(await Bun.file(join(captures, name)).bytes());
  }
  const query =
    "query.start_time_min=1970-01-01T00:00:00Z&query.start_time_max=2200-01-01T00:00:00Z&query.num_traces=1500";
  const text = await (await from.get(`/api/v3/traces?${query}`)).text();
  const request = text.slice('{"result":'.length, -1);
  await to.add_request(otlp_json_to_protobuf(new TextEncoder().encode(request)));
  const all = "SELECT * FROM spans ORDER BY ALL";
  expect((await from.store.sql(all)).rows.length).toBeGreaterThan(50);
  expect(await to.store.sql(all)).toEqual(await from.store.sql(all));
});
