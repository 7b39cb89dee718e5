import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import type { BatchRow } from "../support/batch-rows.ts";
import { capture_body, capture_names, capture_spans, type ExpectedSpan, expected_row } from "../support/captures.ts";
import { parse_exact } from "../support/exact-json.ts";
import { poll_until } from "../support/poll-until.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const PLENTY = 10_000;

let directory: TempDir;
let server: ServerProcess;
beforeAll(async () => {
  directory = temp_dir();
  server = await start_server([...FROM_SOURCE, "serve"], directory.path);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

/** A row of the API with its times as the columns have them. */
function column_row(row: BatchRow): BatchRow {
  const micros = (time: unknown) => {
    const [seconds, fraction] = String(time).replace("+00:00", "").split(".");
    return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction ?? 0);
  };
  return { ...row, start_time: micros(row.start_time), end_time: micros(row.end_time) };
}

async function rows(path: string): Promise<BatchRow[]> {
  const response = await server.get(path);
  expect(response.status).toBe(200);
  return (parse_exact(await response.text()) as BatchRow[]).map(column_row);
}

async function send(name: string): Promise<void> {
  const type = name.endsWith(".pb") ? "application/x-protobuf" : "application/json";
  const response = await fetch(`http://127.0.0.1:${server.ports.otlp_http}/v1/traces`, {
    method: "POST",
    headers: { "content-type": type },
    body: capture_body(name),
  });
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toBe(type);
}

/** Captures of the same run over two protocols hold the same spans: the first of a key is what is stored. */
const first_of_each = (spans: readonly ExpectedSpan[]): ExpectedSpan[] => [
  ...new Map(spans.map((span) => [`${span.trace_id} ${span.span_id}`, span] as const).reverse()).values(),
];

function expect_columns(row: BatchRow | undefined, wanted: BatchRow): void {
  expect(row).toBeDefined();
  expect(Object.fromEntries(Object.keys(wanted).map((column) => [column, row?.[column]]))).toEqual(wanted);
}

describe("what real SDKs send, through the receivers and back out of the routes", () => {
  const names = [...capture_names(".pb"), ...capture_names(".json")];
  const sent = first_of_each(names.flatMap(capture_spans));
  const service_of = (span: ExpectedSpan) => String(span["service.name"] ?? "unknown_service");
  const services = [...new Set(sent.map(service_of))].sort();
  const key = (span: BatchRow) => `${span.trace_id} ${span.span_id}`;

  beforeAll(async () => {
    for (const name of [...names, ...names]) await send(name);
    await poll_until(
      async () => {
        const metrics = await (await server.get("/metrics")).text();
        return Number(/^junjo_traces_duplicate_spans_total (\d+)/m.exec(metrics)?.[1]) >= sent.length;
      },
      { what: "everything stored" },
    );
  });

  it("stores every span once, although all is sent twice", async () => {
    const metrics = await (await server.get("/metrics")).text();
    expect(metrics).toMatch(new RegExp(`^junjo_traces_stored_spans_total ${sent.length}$`, "m"));
    expect(await (await server.get("/otel/span_service_names")).json()).toEqual(services);
  });

  it("gives every span of every trace, field by field", async () => {
    const by_trace = Map.groupBy(sent, ({ trace_id }) => String(trace_id));
    for (const [trace_id, spans] of by_trace) {
      const found = new Map(
        (await rows(`/otel/trace/${trace_id.toUpperCase()}/nested_spans`)).map((row) => [key(row), row]),
      );
      expect(found.size).toBe(spans.length);
      for (const span of spans) expect_columns(found.get(key(span)), expected_row(span));
    }
  });

  it("gives each span alone", async () => {
    for (const span of sent.filter((_, index) => index % 9 === 0)) {
      const response = await server.get(`/otel/trace/${span.trace_id}/span/${span.span_id}`);
      expect_columns(column_row(parse_exact(await response.text()) as BatchRow), expected_row(span));
    }
  });

  it("lists the roots, the roots of LLM traces and the workflows of each service, newest first", async () => {
    const llm_traces = new Set((await all_llm_spans()).map(({ trace_id }) => trace_id));
    for (const service of services) {
      const of_service = sent.filter((span) => service_of(span) === service).map(expected_row);
      const roots = of_service.filter(({ parent_span_id }) => parent_span_id === null).sort(newest_first);
      const path = `/otel/service/${encodeURIComponent(service)}`;
      const keys = async (route: string) => (await rows(`${route}?limit=${PLENTY}`)).map(key);
      expect(await keys(`${path}/root_spans`)).toEqual(roots.map(key));
      const llm_roots = roots.filter(({ trace_id }) => llm_traces.has(trace_id));
      expect(await keys(`${path}/root_spans_filtered`)).toEqual(llm_roots.map(key));
      const workflows = of_service.filter(({ junjo_span_type }) => junjo_span_type === "workflow").sort(newest_first);
      expect(await keys(`/otel/spans/type/workflow/${encodeURIComponent(service)}`)).toEqual(workflows.map(key));
    }
    expect(llm_traces.size).toBeGreaterThan(5);
  });

  async function all_llm_spans(): Promise<ExpectedSpan[]> {
    const operations = ["chat", "text_completion", "generate_content"];
    return sent.filter(
      ({ attributes }) =>
        attributes["openinference.span.kind"] === "LLM" ||
        operations.includes(attributes["gen_ai.operation.name"] as string) ||
        "gen_ai.request.model" in attributes ||
        "llm.model_name" in attributes,
    );
  }
});

function newest_first(a: BatchRow, b: BatchRow): number {
  if (a.start_time !== b.start_time) return (a.start_time as bigint) > (b.start_time as bigint) ? -1 : 1;
  return `${a.trace_id} ${a.span_id}` < `${b.trace_id} ${b.span_id}` ? -1 : 1;
}
