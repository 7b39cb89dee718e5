import { describe, expect, it } from "bun:test";
import { LIMITS } from "../../src/config/index.ts";
import { DecodedBatch, DecodeError } from "../../src/decode/index.ts";
import { type BatchRow, batch_rows } from "../support/batch-rows.ts";
import {
  hex,
  int_value,
  request_bytes,
  type SpanInit,
  span_init,
  string_value,
  text_attributes,
  type ValueInit,
} from "../support/otlp.ts";

const decoded = (span: SpanInit): BatchRow => {
  const batch = new DecodedBatch();
  batch.decode_request(request_bytes([span]));
  return batch_rows(batch, batch.spans)[0];
};
const decoded_patches = (span: SpanInit): BatchRow[] => {
  const batch = new DecodedBatch();
  batch.decode_request(request_bytes([span]));
  return batch_rows(batch, batch.patches);
};
const attribute_span = (key: string, value?: ValueInit): SpanInit =>
  span_init({ attributes: [value === undefined ? { key } : { key, value }] });

/** The JSON text of attributes_json, as written. */
function attributes_text(span: SpanInit): string {
  const batch = new DecodedBatch();
  batch.decode_request(request_bytes([span]));
  const column = batch.spans.columns.findIndex(({ name }) => name === "attributes_json");
  const start = batch.spans.offsets[column][0];
  return Buffer.from(batch.heap.bytes.subarray(start, start + batch.spans.lengths[column][0])).toString();
}

const nested = (depth: number): ValueInit =>
  depth === 0 ? int_value(1n) : { value: { case: "arrayValue", value: { values: [nested(depth - 1)] } } };

describe("attribute values become JSON", () => {
  const bool = (value: boolean): ValueInit => ({ value: { case: "boolValue", value } });
  const double = (value: number): ValueInit => ({ value: { case: "doubleValue", value } });
  const array = (...values: ValueInit[]): ValueInit => ({ value: { case: "arrayValue", value: { values } } });
  const map = (...values: { key: string; value?: ValueInit }[]): ValueInit => ({
    value: { case: "kvlistValue", value: { values } },
  });
  const bytes = (...value: number[]): ValueInit => ({ value: { case: "bytesValue", value: Uint8Array.from(value) } });

  it.each([
    ["text", string_value("café ✓ 🚀"), '"café ✓ 🚀"'],
    ["text that needs escapes", string_value('a"b\\c\n\t\u0000\u001f/'), String.raw`"a\"b\\c\n\t\u0000\u001f/"`],
    ["empty text", string_value(""), '""'],
    ["true", bool(true), "true"],
    ["false", bool(false), "false"],
    ["the smallest int64", int_value(-(2n ** 63n)), "-9223372036854775808"],
    ["the largest int64", int_value(2n ** 63n - 1n), "9223372036854775807"],
    ["the first integer that a double can't hold", int_value(2n ** 53n + 1n), "9007199254740993"],
    ["a double", double(0.1), "0.1"],
    ["a whole double, told from an integer", double(3), "3.0"],
    ["negative zero", double(-0), "-0.0"],
    ["a tiny double", double(5e-324), "5e-324"],
    ["a huge double", double(1.7976931348623157e308), "1.7976931348623157e+308"],
    ["NaN", double(Number.NaN), '"NaN"'],
    ["infinity", double(Number.POSITIVE_INFINITY), '"Infinity"'],
    ["negative infinity", double(Number.NEGATIVE_INFINITY), '"-Infinity"'],
    ["bytes", bytes(0, 255, 16, 32), '"AP8QIA=="'],
    ["no bytes", bytes(), '""'],
    ["a mixed array", array(int_value(1n), string_value("x"), {}, array(double(1.5))), '[1,"x",null,[1.5]]'],
    ["an empty array", array(), "[]"],
    [
      "a map",
      map({ key: "a", value: int_value(1n) }, { key: "b", value: map({ key: "", value: bytes(1) }) }),
      '{"a":1,"b":{"":"AQ=="}}',
    ],
    ["a map with a key twice", map({ key: "a", value: int_value(1n) }, { key: "a", value: int_value(2n) }), '{"a":2}'],
    ["an empty map", map(), "{}"],
    ["an empty value", {}, "null"],
    ["no value", undefined, "null"],
  ])("%s", (_what, value, json) => {
    expect(attributes_text(attribute_span("k", value))).toBe(`{"k":${json}}`);
  });

  it("keeps the last of a key that stands twice, among few and among many", () => {
    const many = Array.from({ length: 100 }, (_, i) => ({ key: `key ${i}`, value: int_value(BigInt(i)) }));
    for (const others of [[], many]) {
      const attributes = [
        ...others,
        { key: "twice", value: int_value(1n) },
        ...others,
        { key: "twice", value: int_value(2n) },
      ];
      const row = decoded(span_init({ attributes }));
      const wanted = Object.fromEntries(others.map(({ key }, i) => [key, i]));
      expect(row.attributes_json).toEqual({ ...wanted, twice: 2 });
    }
  });

  it("takes an empty key and keys that need escapes", () => {
    expect(attributes_text(attribute_span("", int_value(1n)))).toBe('{"":1}');
    expect(attributes_text(attribute_span('"\n', int_value(1n)))).toBe(String.raw`{"\"\n":1}`);
  });

  it("repairs text that is not UTF-8 and keeps what is around it", () => {
    const body = request_bytes([span_init({ name: "ab~cd", attributes: text_attributes({ k: "x~y" }) })]);
    for (let at = body.indexOf(0x7e); at >= 0; at = body.indexOf(0x7e)) body[at] = 0xff;
    const batch = new DecodedBatch();
    batch.decode_request(body);
    const [row] = batch_rows(batch, batch.spans);
    expect([row.name, row.attributes_json]).toEqual(["ab\ufffdcd", { k: "x\ufffdy" }]);
  });

  it("goes as deep as the limit and no deeper", () => {
    expect(decoded(attribute_span("k", nested(LIMITS.ATTRIBUTE_DEPTH_MAX))).attributes_json).toHaveProperty("k");
    const too_deep = () => decoded(attribute_span("k", nested(LIMITS.ATTRIBUTE_DEPTH_MAX + 1)));
    expect(too_deep).toThrow(DecodeError);
    expect(too_deep).toThrow(/nested deeper than/);
  });
});

describe("Junjo attributes go to their columns", () => {
  const graph = '{"v":1,"nodes":[],"edges":[]}';
  it.each([
    ["junjo.id", "x1", "junjo_id", "x1", true],
    ["junjo.parent_id", "p1", "junjo_parent_id", "p1", true],
    ["junjo.span_type", "run_concurrent", "junjo_span_type", "run_concurrent", true],
    [
      "junjo.workflow.state.start",
      '{"n":12345678901234567890}',
      "junjo_wf_state_start",
      { n: 12345678901234567890n },
      true,
    ],
    ["junjo.workflow.state.end", "[]", "junjo_wf_state_end", [], true],
    ["junjo.workflow.graph_structure", graph, "junjo_wf_graph_structure", JSON.parse(graph), true],
    ["junjo.workflow.store.id", "s1", "junjo_wf_store_id", "s1", true],
    ["junjo.executable_definition_id", "d1", "junjo_id", "d1", false],
    ["junjo.parent_executable_definition_id", "pd1", "junjo_parent_id", "pd1", false],
    ["junjo.workflow.execution_graph_snapshot", graph, "junjo_wf_graph_structure", JSON.parse(graph), false],
  ] as const)("%s", (name, sent, column, wanted, leaves) => {
    const row = decoded(span_init({ attributes: text_attributes({ [name]: sent, other: "stays" }) }));
    expect(row[column]).toEqual(wanted);
    expect(row.attributes_json).toEqual(leaves ? { other: "stays" } : { [name]: sent, other: "stays" });
  });

  it("takes out junjo.workflow_id and node.id, which have no column in spans", () => {
    const row = decoded(span_init({ attributes: text_attributes({ "junjo.workflow_id": "w", "node.id": "n" }) }));
    expect(row.attributes_json).toEqual({});
  });

  it("prefers the older name where both are sent", () => {
    const attributes = text_attributes({ "junjo.executable_definition_id": "new", "junjo.id": "old" });
    expect(decoded(span_init({ attributes })).junjo_id).toBe("old");
  });

  it("leaves them null where nothing is sent", () => {
    const row = decoded(span_init());
    const columns = Object.keys(row).filter((column) => column.startsWith("junjo_"));
    expect(columns.length).toBe(7);
    expect(columns.map((column) => row[column])).toEqual(columns.map(() => null));
  });

  it.each(["{", "NaN", "[1,]", "{'a':1}", "", "01", '"\u0001"', "nul"])(
    "keeps state that is not JSON as text: %s",
    (state) => {
      const attributes = text_attributes({ "junjo.workflow.state.start": state });
      expect(decoded(span_init({ attributes })).junjo_wf_state_start).toBe(state);
    },
  );

  it("takes values that are not text", () => {
    const attributes = [
      { key: "junjo.id", value: int_value(7n) },
      { key: "junjo.workflow.state.start", value: nested(1) },
    ];
    expect(decoded(span_init({ attributes }))).toMatchObject({ junjo_id: "7", junjo_wf_state_start: [1] });
  });
});

describe("set_state events become state patches", () => {
  const set_state = (patch: string, store_id = "st") => ({
    name: "set_state",
    timeUnixNano: 1_795_000_000_123_456_789n,
    attributes: text_attributes({ id: "e", "junjo.store.id": store_id, "junjo.state_json_patch": patch }),
  });
  const junjo = (type: string, more: Record<string, string> = {}) =>
    text_attributes({ "junjo.span_type": type, "junjo.id": "own", "junjo.parent_id": "parent", ...more });

  it("derives the id from span and event index, the same at each replay", () => {
    const span = span_init({
      events: [{ name: "other" }, set_state("[]"), set_state('[{"op":"add"}]')],
      attributes: junjo("node"),
    });
    const ids = decoded_patches(span).map(({ patch_id }) => patch_id);
    const prefix = `${hex(span.traceId as Uint8Array)}:${hex(span.spanId as Uint8Array)}`;
    expect(ids).toEqual([`${prefix}:1`, `${prefix}:2`]);
    expect(decoded_patches(span).map(({ patch_id }) => patch_id)).toEqual(ids);
  });

  it.each([
    ["node", {}, { workflow_id: "parent", node_id: "own" }],
    ["workflow", {}, { workflow_id: "own", node_id: "own" }],
    ["subflow", {}, { workflow_id: "own", node_id: "own" }],
    ["node", { "junjo.workflow_id": "w", "node.id": "n" }, { workflow_id: "w", node_id: "n" }],
  ])("finds workflow and node of a %s %o", (type, more, wanted) => {
    const span = span_init({ events: [set_state("{}")], attributes: junjo(type, more) });
    expect(decoded_patches(span)).toMatchObject([
      { ...wanted, service_name: "shop", patch_store_id: "st", patch_json: {}, event_time: 1_795_000_000_123_456n },
    ]);
  });

  it("has empty ids where the span knows none", () => {
    expect(decoded_patches(span_init({ events: [set_state("[]")] }))).toMatchObject([{ workflow_id: "", node_id: "" }]);
  });

  it("makes none of a set_state event without a patch, and keeps the event", () => {
    const span = span_init({ events: [{ name: "set_state" }] });
    expect(decoded_patches(span)).toEqual([]);
    expect(decoded(span).events_json).toHaveLength(1);
  });
});

describe("a span is known as the call of a language model", () => {
  it.each([
    [{ "openinference.span.kind": "LLM" }, true],
    [{ "openinference.span.kind": "CHAIN" }, false],
    [{ "gen_ai.operation.name": "chat" }, true],
    [{ "gen_ai.operation.name": "text_completion" }, true],
    [{ "gen_ai.operation.name": "generate_content" }, true],
    [{ "gen_ai.operation.name": "execute_tool" }, false],
    [{ "gen_ai.request.model": "m" }, true],
    [{ "llm.model_name": "m" }, true],
    [{ "http.request.method": "POST" }, false],
  ])("%o: %p", (attributes, is_llm) => {
    expect(decoded(span_init({ attributes: text_attributes(attributes as Record<string, string>) })).is_llm).toBe(
      is_llm,
    );
  });
});

describe("a service's name", () => {
  const service_of = (service_name: string) => {
    const batch = new DecodedBatch();
    batch.decode_request(request_bytes([span_init()], service_name));
    return batch_rows(batch, batch.spans)[0].service_name;
  };

  it("is that of the span's own resource, not of the batch's first", () => {
    const batch = new DecodedBatch();
    for (const name of ["one", "two"]) batch.decode_request(request_bytes([span_init()], name));
    expect(batch_rows(batch, batch.spans).map(({ service_name }) => service_name)).toEqual(["one", "two"]);
  });

  it("is unknown_service where it is empty", () => {
    expect(service_of("")).toBe("unknown_service");
  });
});
