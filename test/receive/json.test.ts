import { describe, expect, it } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { AnyValue, KeyValue } from "../../src/gen/opentelemetry/proto/common/v1/common_pb.ts";
import { type Span, Span_SpanKind } from "../../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import { ReceiveError } from "../../src/receive/error.ts";
import { FrameChecker } from "../../src/receive/frame.ts";
import { JsonToWire, parse_json } from "../../src/receive/json.ts";
import { parse_exact } from "../support/exact-json.ts";
import { hex } from "../support/otlp.ts";

const CAPTURES = join(import.meta.dir, "..", "captures");
const json = new JsonToWire();
const convert = (text: string) => json.convert(parse_json(Buffer.from(text)));
const decode = (text: string) => fromBinary(ExportTraceServiceRequestSchema, convert(text));

/** The only span of a request that has the given fields, as JSON text. */
function span_of(fields: string): Span {
  return decode(`{"resourceSpans":[{"scopeSpans":[{"spans":[{${fields}}]}]}]}`).resourceSpans[0].scopeSpans[0].spans[0];
}

const value_of = (value: string) => span_of(`"attributes":[{"key":"k","value":${value}}]`).attributes[0].value?.value;

function refusal_of(text: string): string {
  try {
    convert(text);
  } catch (error) {
    if (error instanceof ReceiveError && error.code === "malformed") return error.message;
    throw error;
  }
  throw new Error("it was taken");
}

/** As the reference decoder of the captures writes values. */
function plain({ value }: AnyValue): unknown {
  switch (value.case) {
    case undefined:
      return null;
    case "intValue":
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value;
    case "doubleValue":
      return Number.isFinite(value.value) ? value.value : String(value.value);
    case "bytesValue":
      return Buffer.from(value.value).toString("base64");
    case "arrayValue":
      return value.value.values.map(plain);
    case "kvlistValue":
      return plain_map(value.value.values);
    default:
      return value.value;
  }
}

const plain_map = (attributes: KeyValue[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value ? plain(value) : null]));

const plain_span = (span: Span, resource_attributes: KeyValue[]) => ({
  trace_id: hex(span.traceId),
  span_id: hex(span.spanId),
  parent_span_id: hex(span.parentSpanId),
  name: span.name,
  kind: Span_SpanKind[span.kind],
  start_time_unix_nano: String(span.startTimeUnixNano),
  end_time_unix_nano: String(span.endTimeUnixNano),
  resource_attributes: plain_map(resource_attributes),
  attributes: plain_map(span.attributes),
  event_names: span.events.map(({ name }) => name),
  flags: span.flags,
});

type Expected = ReturnType<typeof plain_span> & { events: { name: string }[] };

describe("JSON of real clients", () => {
  for (const file of readdirSync(CAPTURES).filter((name) => /^[^.]*\.json$/.test(name))) {
    it(`means the same in protobuf: ${file}`, () => {
      const bytes = json.convert(parse_json(readFileSync(join(CAPTURES, file))));
      const spans = fromBinary(ExportTraceServiceRequestSchema, bytes).resourceSpans.flatMap(
        ({ resource, scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans.map((span) => plain_span(span, resource?.attributes ?? []))),
      );
      const text = readFileSync(join(CAPTURES, file.replace(".json", ".expected.json")), "utf8");
      const expected = parse_exact(text) as Expected[];
      expect(spans).toEqual(
        expected.map((span) => ({
          ...Object.fromEntries(Object.keys(spans[0]).map((name) => [name, span[name as keyof Expected]])),
          event_names: span.events.map(({ name }) => name),
        })) as typeof spans,
      );
      expect(new FrameChecker().check(bytes)).toMatchObject({ span_count: expected.length, cuts: [] });
    });
  }
});

describe("OTLP JSON", () => {
  it("has ids in hex, in either case", () => {
    const span = span_of(`"traceId":"AABBCCDDEEFF00112233445566778899","spanId":"aAbBcCdDeEfF0011","parentSpanId":""`);
    expect([hex(span.traceId), hex(span.spanId), hex(span.parentSpanId)]).toEqual([
      "aabbccddeeff00112233445566778899",
      "aabbccddeeff0011",
      "",
    ]);
  });

  it("lets an id that is not hex cost its span alone", () => {
    for (const id of ["xyz", "1".repeat(31), "1".repeat(33), "q83vASNFZ4mrze8BI0VniQ=="]) {
      expect(span_of(`"traceId":"${id}"`).traceId).toHaveLength(1);
      expect(span_of(`"parentSpanId":"${id}"`).parentSpanId).toHaveLength(1);
    }
  });

  it("keeps every digit of 64-bit integers, as text or as numbers", () => {
    for (const digits of ["9223372036854775807", "-9223372036854775808", "9007199254740993", "-1", "0", "300"]) {
      for (const text of [digits, `"${digits}"`, ` ${digits}`]) {
        expect(value_of(`{"intValue":${text}}`)).toEqual({ case: "intValue", value: BigInt(digits) });
      }
    }
    expect(span_of(`"startTimeUnixNano":1795459526178000001,"endTimeUnixNano":"18446744073709551615"`)).toMatchObject({
      startTimeUnixNano: 1795459526178000001n,
      endTimeUnixNano: 18446744073709551615n,
    });
  });

  it("has doubles as numbers, as text and by name", () => {
    const doubles = {
      "1.5": 1.5,
      "1": 1,
      "-0.0": -0,
      "1e300": 1e300,
      '"2.5"': 2.5,
      '"Infinity"': Infinity,
      '"-Infinity"': -Infinity,
    };
    for (const [text, value] of Object.entries(doubles)) {
      expect(value_of(`{"doubleValue":${text}}`)).toEqual({ case: "doubleValue", value });
    }
    expect(value_of('{"doubleValue":"NaN"}')).toEqual({ case: "doubleValue", value: NaN });
    expect(value_of('{"doubleValue":12345678901234567890}')).toEqual({
      case: "doubleValue",
      value: 12345678901234567000,
    });
  });

  it("has values of every kind, and values without a value", () => {
    expect(value_of('{"stringValue":"ü\\u0000\\ud83d\\ude00"}')).toEqual({ case: "stringValue", value: "ü\0😀" });
    expect(value_of('{"boolValue":true}')).toEqual({ case: "boolValue", value: true });
    expect(value_of('{"bytesValue":"AQL/"}')).toEqual({ case: "bytesValue", value: Uint8Array.of(1, 2, 255) });
    for (const nothing of ["{}", '{"doubleValue":null}', '{"stringValue":null}', '{"other":1}']) {
      expect(value_of(nothing)?.case).toBeUndefined();
    }
    const array = value_of('{"arrayValue":{"values":[{"intValue":"1"},{},{"kvlistValue":{"values":[{"key":"k"}]}}]}}');
    expect(array).toMatchObject({ case: "arrayValue", value: { values: [{}, {}, {}] } });
  });

  it("has enums as numbers or names, unknown numbers too", () => {
    for (const [kind, number] of [
      ["3", 3],
      ['"SPAN_KIND_CLIENT"', 3],
      ["77", 77],
      ["-1", -1],
    ] as const) {
      expect(span_of(`"kind":${kind}`)).toMatchObject({ kind: number });
    }
    expect(span_of('"status":{"code":"STATUS_CODE_ERROR","message":"no"}').status).toMatchObject({
      code: 2,
      message: "no",
    });
  });

  it("takes null for absent, passes over unknown fields and takes names as protobuf has them", () => {
    expect(
      span_of('"name":null,"attributes":null,"unknown":{"deep":[1]},"__proto__":{"name":"x"},"trace_state":"a=b"'),
    ).toMatchObject({
      name: "",
      attributes: [],
      traceState: "a=b",
    });
  });

  it("keeps large requests in order", () => {
    const spans = Array.from({ length: 3_000 }, (_, i) => ({ name: `span ${i} ${"x".repeat(100)}`, flags: 256 + i }));
    const { resourceSpans } = decode(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }));
    expect(resourceSpans[0].scopeSpans[0].spans.map(({ name, flags }) => ({ name, flags }))).toEqual(spans);
  });

  it("names the place of what it can't read", () => {
    const in_span = (fields: string) => refusal_of(`{"resourceSpans":[{"scopeSpans":[{"spans":[{},{${fields}}]}]}]}`);
    const place = "resourceSpans[0].scopeSpans[0].spans[1]";
    expect(in_span('"startTimeUnixNano":"soon"')).toBe(
      `${place}.startTimeUnixNano: expected an integer from 0 to 18446744073709551615, found "soon"`,
    );
    for (const [fields, where] of [
      ['"name":1', "name"],
      ['"kind":"NO_KIND"', "kind"],
      ['"kind":1.5', "kind"],
      ['"startTimeUnixNano":-1', "startTimeUnixNano"],
      ['"endTimeUnixNano":true', "endTimeUnixNano"],
      ['"traceId":7', "traceId"],
      ['"flags":4294967296', "flags"],
      ['"attributes":{}', "attributes"],
      ['"events":[{},7]', "events[1]"],
      ['"links":[null]', "links[0]"],
      ['"status":[]', "status"],
      ['"attributes":[{"value":{"intValue":"9223372036854775808"}}]', "attributes[0].value.intValue"],
      ['"attributes":[{"value":{"boolValue":"true"}}]', "attributes[0].value.boolValue"],
      ['"attributes":[{"value":{"doubleValue":"x"}}]', "attributes[0].value.doubleValue"],
      ['"attributes":[{"value":{"bytesValue":"*"}}]', "attributes[0].value.bytesValue"],
    ]) {
      expect(in_span(fields)).toStartWith(`${place}.${where}: expected `);
    }
    expect(refusal_of("[]")).toBe("the body: expected an object, found an array");
  });

  it("refuses what is not JSON, and nesting that no stack could hold", () => {
    for (const text of ["", "{", "{}x", "nul", "\u0000"]) expect(refusal_of(text)).toStartWith("the body is not JSON");
    expect(() => parse_json(Uint8Array.of(0x22, 0xff, 0x22))).toThrow(ReceiveError);
    for (const depth of [1_000, 10_000, 200_000]) {
      for (const leaf of ["1", "12345678901234567890"]) {
        const value = '{"arrayValue":{"values":['.repeat(depth) + `{"intValue":${leaf}}` + "]}}".repeat(depth);
        expect(() => value_of(value)).toThrow(ReceiveError);
      }
    }
  });

  it("lets attributes nest deeper than allowed cost their span alone", () => {
    const value = '{"arrayValue":{"values":['.repeat(60) + "{}" + "]}}".repeat(60);
    const ids = `"traceId":"${"1".repeat(32)}","spanId":"${"2".repeat(16)}"`;
    const bytes = convert(
      `{"resourceSpans":[{"scopeSpans":[{"spans":[{${ids}},{${ids},"attributes":[{"key":"k","value":${value}}]}]}]}]}`,
    );
    expect(new FrameChecker().check(bytes)).toMatchObject({ span_count: 1, rejected: { too_deep: 1 } });
  });
});
