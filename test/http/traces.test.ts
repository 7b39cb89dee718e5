import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { otlp_json_to_protobuf } from "../../src/receive/index.ts";
import { start_test_api, type TestApi } from "../support/http.ts";
import { schema_errors } from "../support/openapi-schema.ts";
import { hex, new_id, span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";

const TIME = 1_795_456_800_123_456_789n;
const MINUTE_NS = 60_000_000_000n;
const [SLOW, FAILED] = [new_id(16), new_id(16)];

let api: TestApi;
beforeAll(async () => {
  api = await start_test_api();
  const root = { startTimeUnixNano: TIME, endTimeUnixNano: TIME + 3_000_000_000n };
  await api.add([span_init({ ...root, traceId: SLOW, name: "plan trip" })], "checkout");
  const failed = {
    traceId: FAILED,
    startTimeUnixNano: TIME - MINUTE_NS,
    endTimeUnixNano: TIME,
    status: { code: 2, message: "upstream timed out" },
    attributes: text_attributes({ "http.route": "/cart/:id" }),
  };
  await api.add([span_init({ ...failed, name: "GET /cart" })], "shop");
});
afterAll(() => api[Symbol.asyncDispose]());

async function answer(route: string, path: string): Promise<unknown> {
  const response = await api.get(path);
  const body: unknown = await response.json();
  expect([response.status, body]).toEqual([200, expect.anything()]);
  expect(schema_errors(route, 200, "application/json", body)).toEqual([]);
  return body;
}

type Found = { traces: { trace_id: string; root: { name: string } }[]; next_cursor: string | null };
const search = async (query: Record<string, string>) =>
  (await answer("/otel/traces", `/otel/traces?${new URLSearchParams(query).toString()}`)) as Found;
const ids = ({ traces }: Found) => traces.map(({ trace_id }) => trace_id);

describe("GET /otel/traces", () => {
  it("finds traces by a filter, newest first, as the document says", async () => {
    expect(ids(await search({}))).toEqual([hex(SLOW), hex(FAILED)]);
    expect(ids(await search({ filter: "status = error and span.http.route exists" }))).toEqual([hex(FAILED)]);
    expect((await search({ filter: "duration = 3s" })).traces).toEqual([
      expect.objectContaining({
        trace_id: hex(SLOW),
        start_time: "2026-11-23T18:00:00.123456+00:00",
        duration_ns: 3_000_000_000,
        service_names: ["checkout"],
        root: expect.objectContaining({ name: "plan trip", duration_ns: 3_000_000_000, status_code: "0" }),
      }),
    ]);
  });

  it("gives pages by a cursor, and keeps to a time range", async () => {
    const first = await search({ limit: "1" });
    expect(ids(first)).toEqual([hex(SLOW)]);
    const second = await search({ limit: "1", cursor: String(first.next_cursor) });
    expect(ids(second)).toEqual([hex(FAILED)]);
    expect(ids(await search({ until: "2026-11-23T18:00:00Z" }))).toEqual([hex(FAILED)]);
    expect(ids(await search({ since: "2026-11-23T18:00:01Z" }))).toEqual([]);
  });

  it("says what is wrong with a filter, where, and what was probably meant", async () => {
    const response = await api.get("/otel/traces?filter=servce%3Dx");
    expect(response.status).toBe(400);
    const body: unknown = await response.json();
    expect(schema_errors("/otel/traces", 400, "application/problem+json", body)).toEqual([]);
    expect(body).toMatchObject({
      type: "/problems/invalid-parameter",
      errors: [
        { parameter: "filter", at: 0, end: 6, suggestion: "service", detail: expect.stringContaining("servce") },
      ],
    });
    // What only the engine finds out.
    const pattern = await api.get(`/otel/traces?filter=${encodeURIComponent('name =~ "("')}`);
    expect(pattern.status).toBe(400);
    expect(await pattern.json()).toMatchObject({ type: "/problems/invalid-parameter" });
    for (const query of ["cursor=x", "limit=501", "since=now"]) {
      expect((await api.get(`/otel/traces?${query}`)).status).toBe(400);
    }
  });
});

it("GET /otel/traces/counts counts matching spans over time", async () => {
  const range = "since=2026-11-23T17:58:00Z&until=2026-11-23T18:01:00Z&parts=3";
  expect(await answer("/otel/traces/counts", `/otel/traces/counts?${range}`)).toEqual({
    since: "2026-11-23T17:58:00.000000+00:00",
    until: "2026-11-23T18:01:00.000000+00:00",
    parts: [
      { spans: 0, errors: 0 },
      { spans: 1, errors: 1 },
      { spans: 1, errors: 0 },
    ],
  });
});

it("GET /otel/services says what each service did", async () => {
  const range = "since=2026-11-23T17:58:00Z&until=2026-11-23T18:01:00Z&parts=1";
  const { services } = (await answer("/otel/services", `/otel/services?${range}`)) as { services: unknown[] };
  expect(services).toEqual([
    {
      service_name: "checkout",
      span_count: 1,
      last_seen: "2026-11-23T18:00:00.123456+00:00",
      total: { roots: 1, errors: 0, p50_duration_ns: 3e9, p95_duration_ns: 3e9 },
      parts: [{ roots: 1, errors: 0, p50_duration_ns: 3e9, p95_duration_ns: 3e9 }],
    },
    expect.objectContaining({ service_name: "shop", total: expect.objectContaining({ roots: 1, errors: 1 }) }),
  ]);
});

it("GET /otel/attributes gives keys, and values of one", async () => {
  expect(await answer("/otel/attributes", "/otel/attributes?level=resource")).toEqual(["service.name"]);
  expect(await answer("/otel/attributes", "/otel/attributes")).toEqual(["http.route"]);
  expect(await answer("/otel/attributes", "/otel/attributes?key=http.route&prefix=/c")).toEqual(["/cart/:id"]);
  expect(await answer("/otel/attributes", "/otel/attributes?key=http.route&prefix=/d")).toEqual([]);
});

describe("what real SDKs have sent", () => {
  const CAPTURES = join(import.meta.dir, "..", "captures");
  const captures = readdirSync(CAPTURES).filter((name) => name.endsWith(".pb"));

  it.each(["application/json", "application/x-protobuf"])(
    "goes out as OTLP in %s, and comes in as the same",
    async (type) => {
      await using from = await start_test_api();
      await using to = await start_test_api();
      for (const name of captures) await from.add_request(readFileSync(join(CAPTURES, name)));
      const { rows } = await from.store.sql("SELECT DISTINCT trace_id FROM spans");
      expect(rows.length).toBeGreaterThan(10);
      for (const [trace_id] of rows as string[][]) {
        const response = await from.get(`/otel/trace/${trace_id}/otlp`, { headers: { accept: type } });
        expect(response.headers.get("content-type")).toBe(type);
        const body = await response.bytes();
        await to.add_request(type === "application/json" ? otlp_json_to_protobuf(body) : body);
      }
      for (const table of ["spans", "state_patches"]) {
        const all = `SELECT * FROM ${table} ORDER BY ALL`;
        expect(await to.store.sql(all)).toEqual(await from.store.sql(all));
      }
    },
  );

  it("has its state patches, digit for digit", async () => {
    await using from = await start_test_api();
    await from.add_request(readFileSync(join(CAPTURES, "junjo-0.68.0-flow-grpc.pb")));
    const { rows } = await from.store.sql("SELECT trace_id, count(*) FROM state_patches GROUP BY ALL");
    expect(rows.length).toBeGreaterThan(0);
    for (const [trace_id, count] of rows) {
      const response = await from.get(`/otel/trace/${String(trace_id)}/state_patches`);
      const patches = (await response.json()) as { patch_json: unknown; event_time: string }[];
      expect(patches).toHaveLength(Number(count));
      expect(patches.map(({ event_time }) => event_time)).toEqual(patches.map(({ event_time }) => event_time).sort());
      expect(schema_errors("/otel/trace/{trace_id}/state_patches", 200, "application/json", patches)).toEqual([]);
    }
  });
});

describe("GET /otel/tail", () => {
  it("sends traces as they come in, and ends when the client goes", async () => {
    const leaving = new AbortController();
    const response = await api.get("/otel/tail?filter=name%3Dfollowed", { signal: leaving.signal });
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const traceId = new_id(16);
    await api.add([span_init({ name: "something else" }), span_init({ traceId, name: "followed" })]);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    let text = "";
    while (!text.includes("data:")) text += Buffer.from((await reader.read()).value ?? []).toString();
    expect(text).toContain("event: traces");
    const [, data] = /data: (.*)/.exec(text) ?? [];
    expect(JSON.parse(data)).toEqual([expect.objectContaining({ trace_id: hex(traceId), span_count: 1 })]);
    leaving.abort();
  });

  it("is let go of when its client goes, and by whoever only asks for its head", async () => {
    for (let client = 0; client < 20; client++) {
      const leaving = new AbortController();
      const opened = async () => {
        const response = await api.get("/otel/tail", { signal: leaving.signal });
        if (response.status !== 200) await response.body?.cancel();
        return response.status === 200;
      };
      // Those before may be on their way out.
      await poll_until(opened, { what: `room for client ${client}` });
      leaving.abort();
      expect((await api.get("/otel/tail", { method: "HEAD" })).status).toBe(200);
    }
  });

  it("refuses a filter that is none", async () => {
    expect((await api.get("/otel/tail?filter=%3D")).status).toBe(400);
  });
});

describe("GET /otel/pending_spans", () => {
  it("gives what has started and not ended, as the document says, until it ends", async () => {
    const traceId = new_id(16);
    const span = span_init({ traceId, name: "a long run", startTimeUnixNano: TIME });
    await api.add([{ ...span, endTimeUnixNano: 0n }], "runner");
    type Pending = { state: string; span: { name: string; start_time: string; end_time: null } };
    const pending = async (query: string) =>
      (await answer("/otel/pending_spans", `/otel/pending_spans${query}`)) as Pending[];
    const started = { name: "a long run", start_time: "2026-11-23T18:00:00.123456+00:00", end_time: null };
    for (const query of ["", "?service_name=runner&limit=1", `?trace_id=${hex(traceId).toUpperCase()}`]) {
      expect(await pending(query)).toEqual([{ state: "running", span: expect.objectContaining(started) }]);
    }
    expect(await pending("?service_name=shop")).toEqual([]);
    await api.add([span], "runner");
    expect(await pending("")).toEqual([]);
  });

  it("says what is wrong with a question", async () => {
    const response = await api.get("/otel/pending_spans?trace_id=abc&limit=0");
    expect([response.status, await response.text()]).toEqual([400, expect.stringContaining("32 hex digits")]);
  });
});
