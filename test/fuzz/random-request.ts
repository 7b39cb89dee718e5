import { create, type DescField, type DescMessage, type Message, ScalarType, toBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { SeededRandom } from "../support/seeded-random.ts";

const DEPTH_MAX = 12;
const LIST_MAX = 3;
const TEXTS = [
  "",
  "service.name",
  "set_state",
  "junjo.state_json_patch",
  '{"a":[1,2.5]}',
  "[1,]",
  "LLM",
  "\u0000\u{1f600}",
];
const ID_BYTES: Record<string, number> = { trace_id: 16, span_id: 8, parent_span_id: 8 };

/** A request with any of the fields that the schema has, of any value, and ids that are right most of the time. */
export function random_request(random: SeededRandom): Uint8Array {
  return toBinary(ExportTraceServiceRequestSchema, random_message(random, ExportTraceServiceRequestSchema, 0) as never);
}

function random_message(random: SeededRandom, message: DescMessage, depth: number): Message {
  const init: Record<string, unknown> = {};
  for (const field of message.fields) {
    if (!is_wanted(random, field, depth)) continue;
    const value =
      field.fieldKind === "list"
        ? Array.from({ length: random.between(1, LIST_MAX) }, () => random_value(random, field, depth))
        : random_value(random, field, depth);
    if (field.oneof) init[field.oneof.localName] = { case: field.localName, value };
    else init[field.localName] = value;
  }
  return create(message, init);
}

/** What leads to a span is always there, and ids nearly so; the deeper, the less of the rest. */
function is_wanted(random: SeededRandom, field: DescField, depth: number): boolean {
  if (["resource_spans", "scope_spans", "spans"].includes(field.name)) return true;
  if (field.name in ID_BYTES) return random.chance(0.97);
  return random.chance(field.message ? 0.5 - depth / (2 * DEPTH_MAX) : 0.5);
}

function random_value(random: SeededRandom, field: DescField, depth: number): unknown {
  if (field.message) return random_message(random, field.message, depth + 1);
  if (field.enum) return random.between(0, 9);
  switch (field.scalar) {
    case ScalarType.STRING:
      return random.chance(0.5)
        ? random.pick(TEXTS)
        : Buffer.from(random.bytes(random.between(0, 30))).toString("base64");
    case ScalarType.BYTES:
      return random.bytes(ID_BYTES[field.name] ?? random.between(0, 20));
    case ScalarType.BOOL:
      return random.chance(0.5);
    case ScalarType.DOUBLE:
      return random.pick([0, -0, 1.5, 1e300, Number.NaN, Number.NEGATIVE_INFINITY, random.next()]);
    case ScalarType.INT64:
      return BigInt.asIntN(64, random_word(random));
    case ScalarType.FIXED64:
    case ScalarType.UINT64:
      return random_word(random);
    case ScalarType.INT32:
      return random.between(-(2 ** 31), 2 ** 31 - 1);
    default:
      return random.between(0, 2 ** 32 - 1);
  }
}

const random_word = (random: SeededRandom): bigint =>
  Buffer.from(random.bytes(8)).readBigUInt64LE() >> BigInt(random.between(0, 63));
