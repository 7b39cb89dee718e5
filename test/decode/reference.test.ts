import { create, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "bun:test";
import fc from "fast-check";
import { DecodedBatch, DecodeError } from "../../src/decode/index.ts";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { type BatchRow, batch_rows } from "../support/batch-rows.ts";
import { parse_exact } from "../support/exact-json.ts";
import type { KeyValueInit, ValueInit } from "../support/otlp.ts";
import { JsonText, reference_rows } from "../support/reference-rows.ts";

const uint32 = fc.nat({ max: 0xffffffff });
const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const text = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.string({ unit: "grapheme", maxLength: 40 }));
const well_formed = text.map((value) => value.toWellFormed());
const bytes = (count: number) =>
  fc.uint8Array({ minLength: count, maxLength: count }).filter((id) => id.some((b) => b > 0));

const KNOWN_KEYS = [
  "junjo.id",
  "junjo.parent_id",
  "junjo.span_type",
  "junjo.workflow.state.start",
  "junjo.workflow.graph_structure",
  "junjo.executable_definition_id",
  "junjo.workflow.execution_graph_snapshot",
  "junjo.workflow_id",
  "node.id",
  "junjo.state_json_patch",
  "junjo.store.id",
  "openinference.span.kind",
  "gen_ai.operation.name",
  "gen_ai.request.model",
  "service.name",
  "logfire.span_type",
  "logfire.pending_parent_id",
];
const SPECIAL_TEXTS = [
  "pending_span",
  "00f067aa0ba902b7",
  "0000000000000000",
  "LLM",
  "chat",
  "workflow",
  '{"a":[1,2.5e3,null]}',
  "[1,]",
  '["\\ud83d\\ude00"]',
  '["\\ud83d"]',
  '["\\\\ud83d"]',
  "NaN",
  "",
  "\u0000",
  '\\"\n',
];

const scalar: fc.Arbitrary<ValueInit> = fc.oneof(
  fc
    .oneof(well_formed, fc.constantFrom(...SPECIAL_TEXTS))
    .map((value) => ({ value: { case: "stringValue", value } }) as const),
  fc.boolean().map((value) => ({ value: { case: "boolValue", value } }) as const),
  int64.map((value) => ({ value: { case: "intValue", value } }) as const),
  fc.double().map((value) => ({ value: { case: "doubleValue", value } }) as const),
  fc.uint8Array({ maxLength: 20 }).map((value) => ({ value: { case: "bytesValue", value } }) as const),
  fc.constant({}),
);
// `__proto__` as a key would set the reference's prototype instead of a key.
const key = fc.oneof(well_formed, fc.constantFrom(...KNOWN_KEYS)).filter((name) => name !== "__proto__");

const { value: any_value } = fc.letrec<{ value: ValueInit }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, depthSize: "small" },
    scalar,
    fc
      .array(tie("value"), { maxLength: 4 })
      .map((values): ValueInit => ({ value: { case: "arrayValue", value: { values } } })),
    fc
      .array(fc.record({ key, value: tie("value") }), { maxLength: 4 })
      .map((values): ValueInit => ({ value: { case: "kvlistValue", value: { values } } })),
  ),
}));
const attributes: fc.Arbitrary<KeyValueInit[]> = fc.array(
  fc.oneof(fc.record({ key, value: any_value }), fc.record({ key })),
  { maxLength: 12 },
);

const span = fc.record({
  traceId: bytes(16),
  spanId: bytes(8),
  parentSpanId: fc.oneof(bytes(8), fc.constant(new Uint8Array(0)), fc.constant(new Uint8Array(8))),
  traceState: well_formed,
  name: well_formed,
  kind: fc.integer({ min: 0, max: 9 }),
  startTimeUnixNano: fc.oneof(uint64, fc.constantFrom(0n)),
  endTimeUnixNano: fc.oneof(uint64, fc.constantFrom(0n, 1n)),
  attributes,
  droppedAttributesCount: uint32,
  events: fc.array(
    fc.record({
      name: fc.oneof(well_formed, fc.constant("set_state")),
      timeUnixNano: uint64,
      attributes,
      droppedAttributesCount: uint32,
    }),
    { maxLength: 3 },
  ),
  droppedEventsCount: uint32,
  links: fc.array(
    fc.record({
      traceId: bytes(16),
      spanId: bytes(8),
      traceState: well_formed,
      attributes,
      droppedAttributesCount: uint32,
      flags: uint32,
    }),
    { maxLength: 2 },
  ),
  droppedLinksCount: uint32,
  status: fc.option(fc.record({ message: well_formed, code: fc.integer({ min: 0, max: 5 }) }), { nil: undefined }),
  flags: uint32,
});
const entity_ref = fc.record({
  schemaUrl: well_formed,
  type: well_formed,
  idKeys: fc.array(well_formed, { maxLength: 3 }),
  descriptionKeys: fc.array(well_formed, { maxLength: 2 }),
});
const scope = fc.record({ name: well_formed, version: well_formed, attributes, droppedAttributesCount: uint32 });
const resource = fc.record({
  attributes,
  droppedAttributesCount: uint32,
  entityRefs: fc.array(entity_ref, { maxLength: 2 }),
});
const scope_spans = fc.record({
  scope: fc.option(scope, { nil: undefined }),
  spans: fc.array(span, { maxLength: 4 }),
  schemaUrl: well_formed,
});
const request_body = fc
  .array(
    fc.record({
      resource: fc.option(resource, { nil: undefined }),
      scopeSpans: fc.array(scope_spans, { maxLength: 3 }),
      schemaUrl: well_formed,
    }),
    { maxLength: 3 },
  )
  .map((resource_spans) => {
    const init = { resourceSpans: resource_spans };
    return toBinary(ExportTraceServiceRequestSchema, create(ExportTraceServiceRequestSchema, init as never));
  });

function expect_rows(rows: readonly BatchRow[], wanted: readonly BatchRow[]): void {
  const read = rows.map((row, index) =>
    Object.fromEntries(
      Object.entries(row).map(([column, cell]) =>
        wanted[index]?.[column] instanceof JsonText
          ? [column, new JsonText(parse_exact(String(cell)))]
          : [column, cell],
      ),
    ),
  );
  expect(read).toEqual([...wanted]);
}

/** Those that have started and not ended. */
function open_rows(rows: readonly BatchRow[]): number[] {
  const is_zero = (row: BatchRow, time: "start" | "end") =>
    row[`${time}_time`] === 0n && row[`${time}_time_nanosecond`] === 0;
  return rows.flatMap((row, index) => (is_zero(row, "end") && !is_zero(row, "start") ? [index] : []));
}

describe("the columnar decoder and protobuf-es", () => {
  it("agree on every valid request", () => {
    const batch = new DecodedBatch();
    fc.assert(
      fc.property(request_body, (body) => {
        batch.clear();
        batch.decode_request(body);
        const wanted = reference_rows(body);
        expect_rows(batch_rows(batch, batch.spans), wanted);
        expect(batch.pending_rows).toEqual(open_rows(wanted));
      }),
      { numRuns: 400 },
    );
  });

  it("never crash on a request with bytes changed, and leave the batch usable", () => {
    const batch = new DecodedBatch();
    const change = fc.record({ at: fc.nat({ max: 1 << 20 }), byte: fc.nat({ max: 255 }) });
    fc.assert(
      fc.property(request_body, fc.array(change, { minLength: 1, maxLength: 6 }), (body, changes) => {
        for (const { at, byte } of changes) if (body.length > 0) body[at % body.length] = byte;
        batch.clear();
        try {
          batch.decode_request(body);
        } catch (error) {
          expect(error).toBeInstanceOf(DecodeError);
          expect([batch.spans.row_count, batch.patches.row_count, batch.heap.length]).toEqual([0, 0, 0]);
        }
        // Whatever was decoded is well-formed text and JSON: reading it throws otherwise.
        batch_rows(batch, batch.spans);
        batch_rows(batch, batch.patches);
      }),
      { numRuns: 600 },
    );
  });
});
