import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { z } from "@hono/zod-openapi";
import { with_moved_attributes } from "../../../src/encode/index.ts";
import { start_test_api, type TestApi } from "../../support/http.ts";
import { schema_errors } from "../../support/openapi-schema.ts";
import { hex, int_value, new_id, span_init, text_attributes } from "../../support/otlp.ts";

const BASE = "/api/v1/observability";
const CAPTURES = join(import.meta.dir, "..", "..", "captures");
const JUNJO = readdirSync(CAPTURES).filter((name) => /^junjo-.*\.pb$/.test(name));

type Span = Record<string, unknown> & { trace_id: string; span_id: string; attributes_json: Record<string, unknown> };

const ROUTES: Record<string, RegExp> = {
  [`${BASE}/services/{service_name}/spans`]: /services\/[^/]+\/spans(\?|$)/,
  [`${BASE}/services/{service_name}/spans/root`]: /spans.root/,
  [`${BASE}/services/{service_name}/workflows`]: /workflows/,
  [`${BASE}/traces/{trace_id}/spans`]: /traces\/[^/]+\/spans$/,
  [`${BASE}/traces/{trace_id}/spans/{span_id}`]: /traces\/[^/]+\/spans\/./,
};

const anything = z.record(z.string(), z.unknown());
const time = z.iso.datetime({ offset: true });
const PAGE_SPAN = z.looseObject({
  trace_id: z.string(),
  span_id: z.string(),
  parent_span_id: z.string().nullable(),
  service_name: z.string(),
  name: z.string(),
  kind: z.string(),
  start_time: time,
  end_time: time,
  status_code: z.string(),
  status_message: z.string(),
  attributes_json: anything,
  events_json: z.array(anything),
  links_json: z.array(anything),
  trace_flags: z.number(),
});
const PAGE_CHANGE = z.looseObject({
  timeUnixNano: z.number(),
  attributes: z.looseObject({
    id: z.string(),
    "junjo.state_json_patch": z.string(),
    "junjo.store.action": z.string(),
    "junjo.store.name": z.string(),
    "junjo.store.id": z.string(),
  }),
});

describe("Junjo AI Studio's questions", () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await start_test_api();
    for (const name of JUNJO) await api.add_request(await Bun.file(join(CAPTURES, name)).bytes());
  });
  afterAll(() => api[Symbol.asyncDispose]());

  /** An answer that is what the OpenAPI document says it is. */
  async function answer<Body>(path: string): Promise<Body> {
    const response = await api.get(BASE + path);
    const body = (await response.json()) as Body;
    expect([path, response.status]).toEqual([path, 200]);
    const [route] = Object.entries(ROUTES).find(([, pattern]) => pattern.test(path)) ?? [`${BASE}/services`];
    expect(schema_errors(route, 200, "application/json", body)).toEqual([]);
    return body;
  }
  const of_service = async (rest: string): Promise<Span[]> => {
    const services = await answer<string[]>("/services");
    const lists = await Promise.all(
      services.map((name) => answer<Span[]>(`/services/${encodeURIComponent(name)}/${rest}`)),
    );
    return lists.flat();
  };

  it("are answered for what Junjo's SDKs have sent", async () => {
    const { rows } = await api.store.sql(
      "SELECT count(*), count(*) FILTER (parent_span_id IS NULL), count(*) FILTER (junjo_span_type = 'workflow') FROM spans",
    );
    const [spans, roots, workflows] = rows[0].map(Number);
    expect(workflows).toBeGreaterThan(5);
    expect(await of_service("spans?limit=10000")).toHaveLength(spans);
    expect(await of_service("spans/root?limit=10000")).toHaveLength(roots);
    expect(await of_service("workflows?limit=10000")).toHaveLength(workflows);
    const with_llm = await of_service("spans/root?has_llm=true");
    expect(with_llm.length).toBeGreaterThan(0);
    expect(with_llm.length).toBeLessThan(roots);
  });

  it("have what its page checks of each span, and of each change of a state", async () => {
    const spans = await of_service("spans?limit=10000");
    expect(z.array(PAGE_SPAN).safeParse(spans).error?.issues ?? []).toEqual([]);
    const changes = spans.flatMap(({ events_json }) =>
      (events_json as { name: string }[]).filter(({ name }) => name === "set_state"),
    );
    expect(changes.length).toBeGreaterThan(20);
    expect(z.array(PAGE_CHANGE).safeParse(changes).error?.issues ?? []).toEqual([]);
  });

  it("have the Junjo attributes among the others, states and graphs as the text that was sent", async () => {
    const [workflow] = (await of_service("workflows")).filter(({ junjo_wf_state_start }) => junjo_wf_state_start);
    const { attributes_json: attributes } = workflow;
    expect(attributes).toMatchObject({
      "junjo.span_type": "workflow",
      "junjo.id": workflow.junjo_id,
      "junjo.workflow.store.id": workflow.junjo_wf_store_id,
    });
    for (const [name, column] of [
      ["junjo.workflow.state.start", "junjo_wf_state_start"],
      ["junjo.workflow.state.end", "junjo_wf_state_end"],
      ["junjo.workflow.graph_structure", "junjo_wf_graph_structure"],
    ]) {
      expect(JSON.parse(attributes[name] as string)).toEqual(workflow[column]);
    }
    expect(Object.keys(attributes)).toContain("junjo.workflow.node.count");
  });

  it("give a trace and a span as the other routes do, but for those attributes", async () => {
    const [{ trace_id, span_id }] = await of_service("workflows");
    const own = async (path: string) => (await api.get(path)).json() as Promise<Span[]>;
    const spans = await answer<Span[]>(`/traces/${trace_id}/spans`);
    const without = (all: Span[]) => all.map((span) => ({ ...span, attributes_json: null }));
    expect(without(spans)).toEqual(without(await own(`/otel/trace/${trace_id}/nested_spans`)));
    expect(await answer<Span>(`/traces/${trace_id}/spans/${span_id}`)).toEqual(
      spans.find((span) => span.span_id === span_id) as Span,
    );
  });

  it("know nothing of what there is not", async () => {
    expect(await answer<unknown>("/services/nobody/spans")).toEqual([]);
    expect(await answer<unknown>(`/traces/${"0".repeat(32)}/spans`)).toEqual([]);
    // As its own backend has it: not 404.
    expect(await answer<unknown>(`/traces/${"0".repeat(32)}/spans/${"0".repeat(16)}`)).toBeNull();
  });

  it("refuse what they do not understand", async () => {
    for (const path of ["/services/a/spans?limit=0", "/services/a/workflows?limit=10001", "/traces/1/spans"]) {
      expect((await api.get(BASE + path)).status).toBe(400);
    }
    const response = await api.get(`${BASE}/services/a/spans/root?has_llm=perhaps`);
    expect(await response.json()).toMatchObject({ status: 400, detail: "has_llm: expected true or false" });
  });

  it("need a key where there are keys", async () => {
    await using locked = await start_test_api({ api_keys: ["secret"] });
    expect((await locked.get(`${BASE}/services`)).status).toBe(401);
    expect((await locked.get(`${BASE}/services`, { headers: { "x-api-key": "secret" } })).status).toBe(200);
  });
});

describe("with_moved_attributes", () => {
  it("keeps every digit and every other member as it is", () => {
    const rest = '"name":"a \\"quoted\\" {name","links_json":[{"a":[9007199254740993]}]';
    const row = `{"attributes_json":{"n":12345678901234567890},${rest},"junjo_id":null,"junjo_span_type":"node","junjo_wf_state_end":{"id":9007199254740993}}`;
    expect(with_moved_attributes(row)).toBe(
      row.replace('{"n":', '{"junjo.span_type":"node","junjo.workflow.state.end":"{\\"id\\":9007199254740993}","n":'),
    );
    const plain = `{"attributes_json":{},${rest}}`;
    expect(with_moved_attributes(plain)).toBe(plain);
    expect(with_moved_attributes('{"attributes_json":{},"junjo_id":"a"}')).toBe(
      '{"attributes_json":{"junjo.id":"a"},"junjo_id":"a"}',
    );
  });

  it("gives a state that was no JSON as text that is", async () => {
    await using api = await start_test_api();
    const traceId = new_id(16);
    const attributes = [
      ...text_attributes({ "junjo.workflow.state.start": "not JSON", "junjo.id": "a" }),
      { key: "big", value: int_value(9_007_199_254_740_993n) },
    ];
    await api.add([span_init({ traceId, attributes })]);
    const text = await (await api.get(`${BASE}/traces/${hex(traceId)}/spans`)).text();
    expect(text).toContain(
      '"attributes_json":{"junjo.id":"a","junjo.workflow.state.start":"\\"not JSON\\"","big":9007199254740993}',
    );
  });
});
