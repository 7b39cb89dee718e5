import { describe, expect, it } from "bun:test";
import { create, toBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { JsonToWire, parse_json } from "../../src/receive/json.ts";
import { random_request } from "../fuzz/random-request.ts";
import { capture_body, capture_names } from "../support/captures.ts";
import {
  type KeyValueInit,
  request_bytes,
  type SpanInit,
  span_init,
  string_value,
  type ValueInit,
} from "../support/otlp.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { decoded, exported, raw_patches, raw_spans } from "../support/span-rows.ts";

const to_wire = (text: string): Uint8Array => new JsonToWire().convert(parse_json(Buffer.from(text)));

/** The rows of the requests, exported and taken in again, are the same to the letter. */
function expect_same_rows(...bodies: Uint8Array[]): void {
  const before = decoded(...bodies);
  const after = decoded(to_wire(exported(before)));
  expect(raw_spans(after)).toEqual(raw_spans(before));
  expect(raw_patches(after)).toEqual(raw_patches(before));
}

const attributes = (...pairs: [string, ValueInit?][]): KeyValueInit[] =>
  pairs.map(([key, value]) => (value === undefined ? { key } : { key, value }));
const text = string_value;
const int = (value: bigint): ValueInit => ({ value: { case: "intValue", value } });
const bool = (value: boolean): ValueInit => ({ value: { case: "boolValue", value } });
const double = (value: number): ValueInit => ({ value: { case: "doubleValue", value } });
const bytes = (base64: string): ValueInit => ({ value: { case: "bytesValue", value: Buffer.from(base64, "base64") } });
const array = (...values: ValueInit[]): ValueInit => ({ value: { case: "arrayValue", value: { values } } });
const map = (...values: KeyValueInit[]): ValueInit => ({ value: { case: "kvlistValue", value: { values } } });
const nested = (depth: number): ValueInit =>
  depth === 0 ? int(1n) : depth % 2 ? array(nested(depth - 1)) : map({ key: "in", value: nested(depth - 1) });

const VALUES: readonly (ValueInit | undefined)[] = [
  undefined,
  {},
  text(""),
  text("text"),
  text("NaN"),
  text("chat"),
  text("LLM"),
  text("workflow"),
  text('a"b\\c\n\u0000\u2028\ufeffé🚀'),
  text('{"a":[1,2.50,"x"]}'),
  text(' {"a" : 1} '),
  text("[1,]"),
  text("1234"),
  text('"1234"'),
  text("true"),
  text("null"),
  bool(true),
  bool(false),
  int(0n),
  int(-(2n ** 63n)),
  int(2n ** 63n - 1n),
  int(2n ** 53n + 1n),
  double(0),
  double(-0),
  double(3),
  double(0.1),
  double(1e20),
  double(1e21),
  double(5e-324),
  double(1.7976931348623157e308),
  double(Number.NaN),
  double(Number.POSITIVE_INFINITY),
  double(Number.NEGATIVE_INFINITY),
  bytes(""),
  bytes("AAEC/w=="),
  bytes("chat"),
  bytes("1234"),
  bytes("true"),
  array(),
  array({}, text(""), double(2), double(Number.NaN), bytes("1234"), array(), map()),
  map(),
  map({ key: "10" }, { key: "2", value: int(2n) }, { key: "__proto__", value: text("x") }, { key: "", value: map() }),
  nested(48),
];

const KEYS = [
  "junjo.id",
  "junjo.parent_id",
  "junjo.span_type",
  "junjo.workflow.state.start",
  "junjo.workflow.state.end",
  "junjo.workflow.graph_structure",
  "junjo.workflow.store.id",
  "junjo.workflow_id",
  "node.id",
  "junjo.executable_definition_id",
  "junjo.parent_executable_definition_id",
  "junjo.workflow.execution_graph_snapshot",
  "openinference.span.kind",
  "gen_ai.operation.name",
  "gen_ai.request.model",
  "2",
  "10",
  "__proto__",
  "",
  'k"ey\\',
];
const EVENT_KEYS = ["junjo.state_json_patch", "junjo.store.id", "1", "0"];

describe("rows that are exported as OTLP JSON and taken in again are the same", () => {
  it.each([...capture_names(".pb")])("of what real SDKs sent: %s", (name) => expect_same_rows(capture_body(name)));

  it.each(KEYS)("for every kind of value of %p", (key) => {
    const event = (name: string) => ({ name, attributes: attributes(["junjo.state_json_patch", text("[]")]) });
    expect_same_rows(
      request_bytes(
        VALUES.map((value) => span_init({ attributes: attributes([key, value]), events: [event("set_state")] })),
      ),
    );
  });

  it.each(EVENT_KEYS)("for every kind of value of %p in a set_state event", (key) => {
    const other = key === "junjo.state_json_patch" ? "junjo.store.id" : "junjo.state_json_patch";
    const events = VALUES.map((value) => ({
      name: "set_state",
      attributes: attributes([key, value], [other, text("{}")]),
    }));
    expect_same_rows(request_bytes([span_init({ events })]));
  });

  it("for every kind of value of service.name and of a scope's attributes", () => {
    const resourceSpans = VALUES.map((value, index) => ({
      resource: {
        attributes: attributes(["first", int(1n)], ["service.name", value], ["last", value]),
        droppedAttributesCount: index,
        entityRefs: [{ schemaUrl: "u", type: "service", idKeys: ["service.name", ""], descriptionKeys: [] }, {}],
      },
      schemaUrl: `https://example/${index}`,
      scopeSpans: [
        {
          scope: { name: "n", version: "v", attributes: attributes(["a", value]), droppedAttributesCount: 2 },
          schemaUrl: "s",
          spans: [span_init()],
        },
        { spans: [span_init()] },
      ],
    }));
    expect_same_rows(
      toBinary(ExportTraceServiceRequestSchema, create(ExportTraceServiceRequestSchema, { resourceSpans })),
    );
    expect_same_rows(
      toBinary(
        ExportTraceServiceRequestSchema,
        create(ExportTraceServiceRequestSchema, { resourceSpans: [{ scopeSpans: [{ spans: [span_init()] }] }] }),
      ),
    );
  });

  it("for odd fields of spans, events and links", () => {
    const link = {
      traceId: Buffer.alloc(16, 1),
      spanId: Buffer.alloc(8, 2),
      traceState: "a=b",
      flags: 0xffff_ffff,
      droppedAttributesCount: 0xffff_ffff,
    };
    const odd: SpanInit[] = [
      { kind: 77 as never, flags: 0xffff_ffff, traceState: "vendor=1", name: "" },
      { kind: -5 as never, status: { code: -1 as never, message: "" } },
      { kind: 0, status: { code: 9 as never, message: "no\u0000" } },
      { startTimeUnixNano: 0n, endTimeUnixNano: 0n, parentSpanId: Buffer.alloc(8) },
      { startTimeUnixNano: 2n ** 64n - 1n, endTimeUnixNano: 999n, parentSpanId: Buffer.alloc(8, 3) },
      { droppedAttributesCount: 0xffff_ffff, droppedEventsCount: 1, droppedLinksCount: 2 },
      { events: [{}, { timeUnixNano: 2n ** 64n - 1n, name: "e", droppedAttributesCount: 3 }, { timeUnixNano: 7n }] },
      { links: [{}, link, { traceId: Buffer.alloc(3, 1), attributes: attributes(["a", double(1)]) }] },
    ];
    expect_same_rows(request_bytes(odd.map(span_init)));
  });

  it("for attributes in any combination", () => {
    const random = new SeededRandom(20_261_126);
    const some = (keys: readonly string[]) => {
      const chosen = keys.filter(() => random.chance(0.4));
      return attributes(...chosen.map((key): [string, ValueInit?] => [key, random.pick(VALUES)]));
    };
    for (let round = 0; round < 40; round++) {
      const spans = Array.from({ length: 25 }, () => {
        const events = Array.from({ length: random.between(0, 3) }, () => ({
          name: random.pick(["set_state", "set_state", "other"]),
          timeUnixNano: BigInt(random.between(0, 1e15)),
          attributes: some(EVENT_KEYS),
        }));
        return span_init({ attributes: some(KEYS), events });
      });
      expect_same_rows(request_bytes(spans));
    }
  });

  it("for whatever the protobuf allows", () => {
    const random = new SeededRandom(7);
    let count = 0;
    for (let round = 0; round < 600; round++) {
      const body = random_request(random);
      try {
        decoded(body);
      } catch {
        continue;
      }
      expect_same_rows(body);
      count++;
    }
    expect(count).toBeGreaterThan(200);
  });
});
