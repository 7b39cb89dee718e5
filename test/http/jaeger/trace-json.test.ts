import { describe, expect, it } from "bun:test";
import { Processes, span_json } from "../../../src/http/jaeger/trace-json.ts";
import { span_row } from "../../support/span-row.ts";

type Tag = { key: string; type: string; value: unknown };
type Span = { tags: Tag[]; logs: { timestamp: number; fields: Tag[] }[]; references: unknown[]; duration: number };

const span_of = (row: Parameters<typeof span_row>[0]) => JSON.parse(span_json(span_row(row), "p1")) as Span;
const tag = (key: string, type: string, value: unknown): Tag => ({ key, type, value });

describe("a span as Jaeger has it", () => {
  it("has its ids, its times in microseconds and its process", () => {
    expect(span_of({ trace_flags: 0x301, name: 'say "hello"' }) as unknown).toEqual({
      traceID: "4bf92f3577b34da6a3ce929d0e0e4736",
      spanID: "00f067aa0ba902b7",
      flags: 1,
      operationName: 'say "hello"',
      references: [],
      startTime: 1_795_456_800_123_456,
      duration: 500,
      tags: [],
      logs: [],
      processID: "p1",
      warnings: null,
    });
  });

  it("took whole microseconds, and never less than none", () => {
    expect(span_of({ start_time_nanosecond: 1 }).duration).toBe(499);
    expect(span_of({ end_time: 1n }).duration).toBe(0);
  });

  it("has tags of the types that Jaeger knows, and text for what it has no type for", () => {
    const attributes_json =
      '{"text":"a","big":9007199254740993,"int":-7,"float":1.0,"exp":1e300,"yes":true,"none":null,"list":[1,"a"],"map":{"a":{}}}';
    expect(span_of({ attributes_json }).tags).toEqual([
      tag("text", "string", "a"),
      tag("big", "int64", "9007199254740993"),
      tag("int", "int64", -7),
      tag("float", "float64", 1),
      tag("exp", "float64", 1e300),
      tag("yes", "bool", true),
      tag("none", "string", ""),
      tag("list", "string", '[1,"a"]'),
      tag("map", "string", '{"a":{}}'),
    ]);
  });

  it("has tags for its scope, kind, status and tracestate, and the Junjo attributes as they were sent", () => {
    const row = {
      scope_name: "junjo",
      scope_version: "0.68",
      kind: "SERVER",
      status_code: "2",
      status_message: "timed out",
      trace_state: "a=b",
      junjo_span_type: "workflow",
      junjo_wf_state_end: '{"n":1}',
    };
    expect(span_of(row).tags).toEqual([
      tag("otel.scope.name", "string", "junjo"),
      tag("otel.scope.version", "string", "0.68"),
      tag("junjo.span_type", "string", "workflow"),
      tag("junjo.workflow.state.end", "string", '{"n":1}'),
      tag("span.kind", "string", "server"),
      tag("otel.status_code", "string", "ERROR"),
      tag("error", "bool", true),
      tag("otel.status_description", "string", "timed out"),
      tag("w3c.tracestate", "string", "a=b"),
    ]);
    expect(span_of({ status_code: "1" }).tags).toEqual([tag("otel.status_code", "string", "OK")]);
  });

  it("is a child of its parent and follows from what it links to", () => {
    const linked = `${"0".repeat(16)}a3ce929d0e0e4736`;
    const link = (attributes: string) =>
      `{"traceId":"${linked}","spanId":"00f067aa0ba902b8","traceState":"","attributes":${attributes},"droppedAttributesCount":0,"flags":0}`;
    const links_json = `[${link("{}")},${link('{"opentracing.ref_type":"child_of"}')}]`;
    expect(span_of({ parent_span_id: "00f067aa0ba902b9", links_json }).references).toEqual([
      { refType: "CHILD_OF", traceID: "4bf92f3577b34da6a3ce929d0e0e4736", spanID: "00f067aa0ba902b9" },
      { refType: "FOLLOWS_FROM", traceID: "a3ce929d0e0e4736", spanID: "00f067aa0ba902b8" },
      { refType: "CHILD_OF", traceID: "a3ce929d0e0e4736", spanID: "00f067aa0ba902b8" },
    ]);
  });

  it("has a log for each event, whose name is a field", () => {
    const event = (name: string, attributes: string) =>
      `{"name":"${name}","timeUnixNano":1795456800123456789,"attributes":${attributes},"droppedAttributesCount":0}`;
    const events_json = `[${event("retry", '{"n":2}')},${event("retry", '{"event":"own"}')},${event("", "{}")}]`;
    const timestamp = 1_795_456_800_123_456;
    expect(span_of({ events_json }).logs).toEqual([
      { timestamp, fields: [tag("event", "string", "retry"), tag("n", "int64", 2)] },
      { timestamp, fields: [tag("event", "string", "own")] },
      { timestamp, fields: [] },
    ]);
  });
});

describe("the processes of a trace", () => {
  it("are one for each service and resource", () => {
    const processes = new Processes();
    const shop = (host: string) =>
      span_row({ resource_attributes_json: `{"service.name":"shop","host.name":"${host}"}` });
    const ids = [shop("a"), shop("b"), shop("a"), span_row({ service_name: "unknown_service" })];
    expect(ids.map((row) => processes.id_of(row))).toEqual(["p1", "p2", "p1", "p3"]);
    expect(JSON.parse(processes.json)).toEqual({
      p1: { serviceName: "shop", tags: [tag("host.name", "string", "a")] },
      p2: { serviceName: "shop", tags: [tag("host.name", "string", "b")] },
      p3: { serviceName: "unknown_service", tags: [] },
    });
  });
});
