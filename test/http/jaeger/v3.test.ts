import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "@hono/zod-openapi";
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

  it("sums up the traces it finds, as the list of Jaeger's page shows them", async () => {
    await using own = await start_test_api();
    const [traceId, root] = [new_id(16), new_id(8)];
    const work = { traceId, startTimeUnixNano: TIME + 5n, endTimeUnixNano: TIME + 9n };
    await own.add([span_init({ ...work, spanId: root, name: "GET /cart", startTimeUnixNano: TIME })], "shop");
    await own.add(
      [
        span_init({ ...work, parentSpanId: root, status: { code: 2 } }),
        span_init({ ...work, parentSpanId: new_id(8) }),
      ],
      "stock",
    );
    await own.add([span_init({ ...work, traceId: QUICK, parentSpanId: new_id(8), name: "sweep" })], "stock");
    const path = (query: Record<string, string>) =>
      `/api/v3/trace-summaries?${new URLSearchParams({ ...RANGE, ...query }).toString()}`;
    const found = async (query: Record<string, string>) => (await own.get(path(query))).json();
    const body = await found({ "query.service_name": "shop" });
    expect(schema_errors("/api/v3/trace-summaries", 200, "application/json", body)).toEqual([]);
    expect(body).toEqual({
      summaries: [
        {
          traceId: hex(traceId),
          rootServiceName: "shop",
          rootOperationName: "GET /cart",
          minStartTimeUnixNano: String(TIME),
          maxEndTimeUnixNano: String(TIME + 9n),
          spanCount: 3,
          errorSpanCount: 1,
          orphanSpanCount: 1,
          services: [
            { name: "shop", spanCount: 1, errorSpanCount: 0 },
            { name: "stock", spanCount: 2, errorSpanCount: 1 },
          ],
        },
      ],
    });
    expect(await found({ "query.span_name": "sweep" })).toMatchObject({
      summaries: [{ traceId: hex(QUICK), rootServiceName: "", rootOperationName: "", orphanSpanCount: 1 }],
    });
    expect(await found({ "query.service_name": "nobody" })).toEqual({ summaries: [] });
  });

  it("counts who calls whom", async () => {
    await using own = await start_test_api();
    const [traceId, spanId] = [new_id(16), new_id(8)];
    const times = { traceId, startTimeUnixNano: TIME, endTimeUnixNano: TIME + 9n };
    await own.add([span_init({ ...times, spanId })], "shop");
    await own.add(
      [span_init({ ...times, parentSpanId: spanId }), span_init({ ...times, parentSpanId: spanId })],
      "stock",
    );
    const asked = async (start: string, end: string) => {
      const response = await own.get(`/api/v3/dependencies?start_time=${start}&endTime=${end}`);
      const body = (await response.json()) as { dependencies: unknown[] };
      expect(schema_errors("/api/v3/dependencies", 200, "application/json", body)).toEqual([]);
      return body.dependencies;
    };
    expect(await asked("2026-11-23T18:00:00Z", "2026-11-23T18:01:00Z")).toEqual([
      { parent: "shop", child: "stock", callCount: "2" },
    ]);
    expect(await asked("2026-11-23T18:01:00Z", "2026-11-23T18:02:00Z")).toEqual([]);
  });

  it.each([
    ["/api/v3/traces/xyz", 400, "trace_id: expected up to 32 hex digits"],
    ["/api/v3/traces/abc", 404, "abc"],
    ["/api/v3/traces?query.start_time_min=yesterday", 400, "query.start_time_min: expected a time"],
    ["/api/v3/traces?query.num_traces=-1", 400, "query.num_traces: expected a whole number"],
    ["/api/v3/traces?query.filter=%7B%22op%22:%22eq%22%7D", 400, "query.filter: expected nothing"],
    ["/api/v3/trace-summaries?query.duration_min=long", 400, "query.duration_min: expected a duration"],
    ["/api/v3/dependencies?start_time=yesterday", 400, "start_time: expected a time"],
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
  // And what Jaeger's page checks before it shows a trace.
  expect(TRACES_DATA.safeParse(JSON.parse(request)).error?.issues ?? []).toEqual([]);
});

const id = (digits: number) => z.string().regex(new RegExp(`^(?!0+$)[0-9a-f]{${digits}}$`));
// What is nothing, or empty, may be left out.
const unix_nano = z.string().regex(/^\d+$/).optional();
const name = z.string().optional();
const count = z.int().min(0).optional();
const value: z.ZodType = z.lazy(() =>
  z.union([
    z.strictObject({ stringValue: z.string() }),
    z.strictObject({ boolValue: z.boolean() }),
    z.strictObject({ intValue: z.string().regex(/^-?\d+$/) }),
    z.strictObject({ doubleValue: z.number() }),
    z.strictObject({ bytesValue: z.base64() }),
    z.strictObject({ arrayValue: z.strictObject({ values: z.array(value).optional() }) }),
    z.strictObject({ kvlistValue: z.strictObject({ values: attributes }) }),
    // What was sent without a value, which the page itself does not take.
    z.strictObject({}),
  ]),
);
const attributes: z.ZodType = z.array(z.strictObject({ key: z.string(), value })).optional();
const LINK = z.looseObject({ traceId: id(32), spanId: id(16), attributes, flags: count });
const EVENT = z.looseObject({ timeUnixNano: unix_nano, name, attributes, droppedAttributesCount: count });
const SPAN = z.looseObject({
  traceId: id(32),
  spanId: id(16),
  parentSpanId: id(16).optional(),
  flags: count,
  name,
  kind: count,
  startTimeUnixNano: unix_nano,
  endTimeUnixNano: unix_nano,
  attributes,
  events: z.array(EVENT).optional(),
  links: z.array(LINK).optional(),
  status: z.looseObject({ code: count }).optional(),
});
const SCOPE_SPANS = z.looseObject({ scope: z.looseObject({ attributes }).optional(), spans: z.array(SPAN) });
const TRACES_DATA = z.looseObject({
  resourceSpans: z.array(z.looseObject({ resource: z.looseObject({ attributes }), scopeSpans: z.array(SCOPE_SPANS) })),
});
