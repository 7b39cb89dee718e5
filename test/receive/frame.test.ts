import { describe, expect, it } from "bun:test";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { BackwardWriter } from "../../src/receive/backward-writer.ts";
import { cut } from "../../src/receive/cut.ts";
import { FrameChecker } from "../../src/receive/frame.ts";
import { WireError } from "../../src/wire/index.ts";
import { new_id, request_bytes, span_init, string_value, type SpanInit, type ValueInit } from "../support/otlp.ts";

const CAPTURES = join(import.meta.dir, "..", "captures");
const checker = new FrameChecker();
const check = (body: Uint8Array) => checker.check(body);
const span_names = (body: Uint8Array) =>
  fromBinary(ExportTraceServiceRequestSchema, body).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
  );

/** The reason for which a request with this one span is refused, or null. */
function reason_of(init: SpanInit): string | null {
  const { rejected, span_count } = check(request_bytes([span_init(init)]));
  const reason = Object.entries(rejected).find(([, count]) => count > 0)?.[0] ?? null;
  expect(span_count).toBe(reason === null ? 1 : 0);
  return reason;
}

function nested(depth: number, kind: "array" | "map"): ValueInit {
  let value = string_value("core");
  for (let i = 0; i < depth; i++) {
    value =
      kind === "array"
        ? { value: { case: "arrayValue", value: { values: [value] } } }
        : { value: { case: "kvlistValue", value: { values: [{ key: "k", value }] } } };
  }
  return value;
}

/** Whether the checker reads these bytes; anything it throws but a WireError fails the test. */
function is_readable(body: Uint8Array): boolean {
  try {
    check(body);
    return true;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return false;
  }
}

const field = (number: number, content: Uint8Array): Uint8Array => {
  const prefix = [number * 8 + 2];
  let rest = content.length;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) prefix.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Uint8Array.from([...prefix, rest]), content]);
};

describe("the frame check", () => {
  for (const file of readdirSync(CAPTURES).filter((name) => name.endsWith(".pb"))) {
    it(`takes every span of ${file}`, () => {
      const body = readFileSync(join(CAPTURES, file));
      const frame = check(body);
      expect(frame.span_count).toBe(span_names(body).length);
      expect(frame).toMatchObject({ cuts: [], first_rejected: null });
    });
  }

  it("refuses ids of a wrong length, or all zeros, or missing", () => {
    for (const traceId of [
      new Uint8Array(16),
      new_id(16).subarray(1),
      Buffer.concat([new_id(16), new_id(8)]),
      Buffer.of(),
    ]) {
      expect(reason_of({ traceId })).toBe("trace_id");
    }
    for (const spanId of [new Uint8Array(8), new_id(8).subarray(1), new_id(16), Buffer.of()]) {
      expect(reason_of({ spanId })).toBe("span_id");
    }
    for (const parentSpanId of [Buffer.of(1), new_id(16)]) expect(reason_of({ parentSpanId })).toBe("parent_span_id");
    for (const parentSpanId of [Buffer.of(), new_id(8), new Uint8Array(8)])
      expect(reason_of({ parentSpanId })).toBeNull();
  });

  it("lets attributes nest as deep as the limit and no deeper, wherever they stand", () => {
    for (const kind of ["array", "map"] as const) {
      for (const [depth, reason] of [
        [48, null],
        [49, "too_deep"],
      ] as const) {
        const attributes = [{ key: "deep", value: nested(depth, kind) }];
        expect(reason_of({ attributes })).toBe(reason);
        expect(reason_of({ events: [{ name: "e", attributes }] })).toBe(reason);
        expect(reason_of({ links: [{ attributes }] })).toBe(reason);
      }
    }
  });

  it("refuses all spans of a resource or a scope that nests too deep, wherever it stands among them", () => {
    const deep = [{ key: "deep", value: nested(49, "map") }];
    const spans = () => [span_init({ name: "lost" }), span_init({ name: "bad", spanId: Buffer.of(1) })];
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [
        { resource: { attributes: deep }, scopeSpans: [{ spans: spans() }] },
        { scopeSpans: [{ scope: { attributes: deep }, spans: spans() }, { spans: [span_init({ name: "kept" })] }] },
      ],
    });
    const body = toBinary(ExportTraceServiceRequestSchema, request);
    const { span_count, cuts, rejected } = check(body);
    expect(span_count).toBe(1);
    expect(rejected).toEqual({ trace_id: 0, span_id: 2, parent_span_id: 0, too_deep: 2 });
    expect(span_names(cut(body, cuts))).toEqual(["kept"]);
  });

  it("takes nothing of a request whose only resource nests too deep", () => {
    const deep = [{ key: "deep", value: nested(49, "array") }];
    const request = create(ExportTraceServiceRequestSchema, {
      resourceSpans: [{ resource: { attributes: deep }, scopeSpans: [{ spans: [span_init(), span_init()] }] }],
    });
    const body = toBinary(ExportTraceServiceRequestSchema, request);
    const { span_count, cuts, rejected } = check(body);
    expect({ span_count, too_deep: rejected.too_deep }).toEqual({ span_count: 0, too_deep: 2 });
    expect(cut(body, cuts)).toHaveLength(0);
  });

  it("takes the last of several ids, as protobuf does", () => {
    const good = field(1, new_id(16));
    const bad = field(1, Buffer.of(1));
    const rest = field(2, new_id(8));
    const request = (...ids: Uint8Array[]) => field(1, field(2, field(2, Buffer.concat([...ids, rest]))));
    expect(check(request(bad, good)).span_count).toBe(1);
    expect(check(request(good, bad)).span_count).toBe(0);
  });

  it("passes over unknown fields of any wire type, at any level", () => {
    const unknown = Uint8Array.from([
      0xf8, 0x3f, 1, 0xf9, 0x3f, 1, 2, 3, 4, 5, 6, 7, 8, 0xfa, 0x3f, 1, 9, 0xfd, 0x3f, 1, 2, 3, 4,
    ]);
    const wrap = (number: number, content: Uint8Array) => field(number, Buffer.concat([unknown, content, unknown]));
    const ids = Buffer.concat([field(1, new_id(16)), unknown, field(2, new_id(8))]);
    expect(check(Buffer.concat([unknown, wrap(1, wrap(2, wrap(2, ids)))])).span_count).toBe(1);
  });

  it("refuses known fields of another wire type, and says which and where", () => {
    const span = (bytes: number[]) => field(1, field(2, field(2, Uint8Array.from(bytes))));
    for (const bytes of [
      [0x08, 1],
      [0x28, 1],
      [0x32, 0],
      [0x38, 1],
      [0x4d, 1, 2, 3, 4],
      [0x7a, 2, 0x12, 9],
    ]) {
      expect(is_readable(span(bytes))).toBe(false);
    }
    expect(() => check(span([0x28, 1]))).toThrow("Span.name with wire type 0 at byte 6");
  });

  it("does not follow nesting that no stack could hold", () => {
    for (const depth of [1_000, 10_000, 100_000]) {
      const writer = new BackwardWriter();
      // AnyValue.array_value and ArrayValue.values in each other, then KeyValue.value and Span.attributes around them.
      for (let i = 0; i < depth; i++) for (const key of [10, 42]) writer.prefix(key, 0);
      for (const key of [18, 74]) writer.prefix(key, 0);
      writer.raw(Buffer.concat([field(1, new_id(16)), field(2, new_id(8))]));
      for (const key of [18, 18, 10]) writer.prefix(key, 0);
      expect(check(writer.bytes())).toMatchObject({ span_count: 0, rejected: { too_deep: 1 } });
    }
  });
});

describe("hostile bytes", () => {
  const capture = readFileSync(join(CAPTURES, "py-shapes-grpc-2.pb"));

  it("give an error or a frame when they are cut off anywhere", () => {
    let readable = 0;
    for (let end = 0; end < capture.length; end++) if (is_readable(capture.subarray(0, end))) readable++;
    expect(readable).toBe(1);
  });

  it("give an error or a frame when any bit is flipped", () => {
    for (let bit = 0; bit < capture.length * 8; bit++) {
      const flipped = Uint8Array.from(capture);
      flipped[bit >> 3] ^= 1 << (bit & 7);
      is_readable(flipped);
    }
  });

  it("give an error or a frame whatever they are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void is_readable(bytes)),
      { numRuns: 2_000 },
    );
  });
});

const id = (bytes: 8 | 16) =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.uint8Array({ minLength: bytes, maxLength: bytes }).filter((id) => id.some((b) => b !== 0)),
    },
    { weight: 1, arbitrary: fc.constant(new Uint8Array(bytes)) },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).filter((id) => id.length !== bytes) },
  );
const { value } = fc.letrec<{ value: ValueInit }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.string().map(string_value),
    fc
      .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
      .map((value) => ({ value: { case: "intValue" as const, value } })),
    fc.double().map((value) => ({ value: { case: "doubleValue" as const, value } })),
    fc.constant({}),
    fc.uint8Array().map((value) => ({ value: { case: "bytesValue" as const, value } })),
    fc
      .array(tie("value"), { maxLength: 3 })
      .map((values) => ({ value: { case: "arrayValue" as const, value: { values } } })),
    fc.array(tie("value"), { maxLength: 3 }).map((values) => ({
      value: { case: "kvlistValue" as const, value: { values: values.map((value) => ({ key: "k", value })) } },
    })),
  ),
}));
const attributes = fc.array(fc.record({ key: fc.string(), value }), { maxLength: 4 });
const span = fc.record({
  traceId: id(16),
  spanId: id(8),
  name: fc.string(),
  attributes,
  events: fc.array(fc.record({ name: fc.string(), attributes }), { maxLength: 2 }),
});
const request = fc
  .array(
    fc.record({
      resource: fc.record({ attributes }),
      scopeSpans: fc.array(fc.record({ spans: fc.array(span, { maxLength: 4 }), schemaUrl: fc.string() }), {
        maxLength: 3,
      }),
    }),
    { maxLength: 3 },
  )
  .map((resourceSpans) => create(ExportTraceServiceRequestSchema, { resourceSpans: resourceSpans as never }));

const is_id = (id: Uint8Array, bytes: number) => id.length === bytes && id.some((byte) => byte !== 0);

describe("any valid request", () => {
  it("is counted and cut as the reference decoder reads it", () => {
    fc.assert(
      fc.property(request, (request) => {
        const body = toBinary(ExportTraceServiceRequestSchema, request);
        const { span_count, cuts, rejected } = check(body);
        let rejected_count = 0;
        for (const { scopeSpans } of request.resourceSpans) {
          for (const scope_spans of scopeSpans) {
            const { length } = scope_spans.spans;
            scope_spans.spans = scope_spans.spans.filter(
              ({ traceId, spanId }) => is_id(traceId, 16) && is_id(spanId, 8),
            );
            rejected_count += length - scope_spans.spans.length;
          }
        }
        expect(Object.values(rejected).reduce((a, b) => a + b)).toBe(rejected_count);
        const kept = cut(body, cuts);
        expect(check(kept)).toMatchObject({ span_count, cuts: [] });
        // What is left is byte for byte what the reference writes for the same request without those spans.
        expect(Buffer.from(kept).equals(toBinary(ExportTraceServiceRequestSchema, request))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
