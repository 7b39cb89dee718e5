import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { SPAN_COLUMNS } from "../../src/decode/index.ts";
import { start_test_api, type TestApi } from "../support/http.ts";
import { schema_errors } from "../support/openapi-schema.ts";
import { hex, new_id, span_init, text_attributes } from "../support/otlp.ts";

type Span = Record<string, unknown>;

let api: TestApi;

const ROOT = { traceId: new_id(16), spanId: new_id(8) };
const LLM_ROOT = { traceId: new_id(16), spanId: new_id(8) };
const LLM_CHILD = { traceId: LLM_ROOT.traceId, spanId: new_id(8), parentSpanId: LLM_ROOT.spanId };
const TIME = 1_795_456_800_123_456_789n;

beforeAll(async () => {
  api = await start_test_api();
  await api.add(
    [
      span_init({ ...ROOT, name: "older", startTimeUnixNano: TIME - 1_000_000n, flags: 0xffff_ffff }),
      span_init({ ...LLM_ROOT, name: "newer", startTimeUnixNano: TIME }),
    ],
    "shop",
  );
  await api.add(
    [
      span_init({
        ...LLM_CHILD,
        attributes: text_attributes({ "openinference.span.kind": "LLM", "junjo.span_type": "workflow" }),
      }),
    ],
    "models",
  );
});
afterAll(() => api[Symbol.asyncDispose]());

async function rows(route: string, path: string): Promise<Span[]> {
  const response = await api.get(path);
  const body = await response.json();
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  expect(schema_errors(route, 200, "application/json", body)).toEqual([]);
  return body as Span[];
}

const names = (spans: Span[]) => spans.map(({ name }) => name);

describe("the six questions", () => {
  it("names the services in ascending order", async () => {
    expect(await rows("/otel/span_service_names", "/otel/span_service_names")).toEqual(["models", "shop"] as never);
  });

  it("lists root spans, newest first", async () => {
    const spans = await rows("/otel/service/{service_name}/root_spans", "/otel/service/shop/root_spans");
    expect(names(spans)).toEqual(["newer", "older"]);
  });

  it("lists only root spans of traces in which a model was called, by any service", async () => {
    const route = "/otel/service/{service_name}/root_spans_filtered";
    expect(names(await rows(route, "/otel/service/shop/root_spans_filtered"))).toEqual(["newer"]);
    expect(await rows(route, "/otel/service/models/root_spans_filtered")).toEqual([]);
  });

  it("lists every span of a trace", async () => {
    const route = "/otel/trace/{trace_id}/nested_spans";
    const spans = await rows(route, `/otel/trace/${hex(LLM_ROOT.traceId)}/nested_spans`);
    const span_ids = new Set(spans.map(({ span_id }) => span_id));
    expect(span_ids).toEqual(new Set([hex(LLM_ROOT.spanId), hex(LLM_CHILD.spanId)]));
  });

  it("gives one span", async () => {
    const path = `/otel/trace/${hex(ROOT.traceId)}/span/${hex(ROOT.spanId)}`;
    const span = await rows("/otel/trace/{trace_id}/span/{span_id}", path);
    expect(span).toMatchObject({
      trace_id: hex(ROOT.traceId),
      span_id: hex(ROOT.spanId),
      parent_span_id: null,
      service_name: "shop",
      name: "older",
      kind: "INTERNAL",
      start_time: "2026-11-23T18:00:00.122456+00:00",
      status_code: "0",
      attributes_json: {},
      events_json: [],
      links_json: [],
      trace_flags: 0xffff_ffff,
      start_time_nanosecond: 789,
    });
    expect(Object.keys(span)).toEqual(SPAN_COLUMNS.map(({ name }) => name));
  });

  it("lists workflows", async () => {
    const route = "/otel/spans/type/workflow/{service_name}";
    expect(names(await rows(route, "/otel/spans/type/workflow/models"))).toEqual(["work"]);
    expect(await rows(route, "/otel/spans/type/workflow/shop")).toEqual([]);
  });

  it("has nothing of a service or trace that it does not know", async () => {
    for (const path of [
      "/otel/service/nobody/root_spans",
      "/otel/service/nobody/root_spans_filtered",
      "/otel/spans/type/workflow/nobody",
      `/otel/trace/${"0".repeat(32)}/nested_spans`,
    ]) {
      expect(await (await api.get(path)).text()).toBe("[]");
    }
  });

  it("takes ids in either case", async () => {
    const [trace_id, span_id] = [hex(LLM_ROOT.traceId).toUpperCase(), hex(LLM_ROOT.spanId).toUpperCase()];
    expect(await (await api.get(`/otel/trace/${trace_id}/span/${span_id}`)).json()).toMatchObject({ name: "newer" });
    expect(await (await api.get(`/otel/trace/${trace_id}/nested_spans`)).json()).toHaveLength(2);
  });
});

describe("service names in a path", () => {
  it.each(["a/b", "a b", "100%", "%2F", "%25", "größe/日本語", "a?b#c", "a+b", "a:b", "..x", "*", "{}", "'\"\\"])(
    "finds %p",
    async (service_name) => {
      await api.add([span_init({ name: `of ${service_name}` })], service_name);
      const segment = encodeURIComponent(service_name);
      for (const path of [`/otel/service/${segment}/root_spans`, `/otel/service/${segment}/root_spans?limit=1`]) {
        const spans = (await (await api.get(path)).json()) as Span[];
        expect(spans).toMatchObject([{ service_name, name: `of ${service_name}` }]);
      }
    },
  );
});

it("answers what real SDKs have sent as the schema says", async () => {
  const captures = join(import.meta.dir, "..", "captures");
  await using own = await start_test_api();
  for (const name of readdirSync(captures).filter((name) => name.endsWith(".pb"))) {
    await own.add_request(await Bun.file(join(captures, name)).bytes());
  }
  const services = (await (await own.get("/otel/span_service_names")).json()) as string[];
  expect(services.length).toBeGreaterThan(3);
  for (const service of services) {
    const roots = (await (await own.get(`/otel/service/${encodeURIComponent(service)}/root_spans`)).json()) as Span[];
    expect(schema_errors("/otel/service/{service_name}/root_spans", 200, "application/json", roots)).toEqual([]);
    for (const trace_id of new Set(roots.map((root) => String(root.trace_id)))) {
      const spans = await (await own.get(`/otel/trace/${trace_id}/nested_spans`)).json();
      expect(schema_errors("/otel/trace/{trace_id}/nested_spans", 200, "application/json", spans)).toEqual([]);
    }
  }
});
