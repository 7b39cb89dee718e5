import { ScalarType } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { BackwardWriter } from "./backward-writer.ts";
import { ReceiveError } from "./error.ts";
import { type FieldShape, type MessageShape, shape_of } from "./shapes.ts";

/** Messages in each other. Attributes nested deeper than is allowed get through to be refused span by span. */
const MESSAGE_DEPTH_MAX = 300;
/** A number this long may need more digits than a JavaScript number has. */
const LONG_NUMBER = /[:[,\s-]\d{16}/;
const DIGITS = /^-?\d+$/;
const BASE64 = /^[\w+/-]*={0,2}$/;
/** What stands for an id that is not hex: of a length that no id may have, so that only its span is refused. */
const NO_ID = Uint8Array.of(0);

/** Reads JSON. Integers that a JavaScript number can't hold come as text. Throws ReceiveError `malformed`. */
export function parse_json(body: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(body);
    return LONG_NUMBER.test(text) ? JSON.parse(text, keep_digits) : JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof RangeError ? "it is nested too deep" : String(cause);
    throw new ReceiveError("malformed", `the body is not JSON: ${reason}`, { cause });
  }
}

function keep_digits(_key: string, value: unknown, context?: { source?: string }): unknown {
  const is_inexact = typeof value === "number" && !Number.isSafeInteger(value);
  return is_inexact && context?.source !== undefined && DIGITS.test(context.source) ? context.source : value;
}

/** A request in OTLP JSON as protobuf. Throws ReceiveError `malformed`. */
export const otlp_json_to_protobuf = (body: Uint8Array): Uint8Array => new JsonToWire().convert(parse_json(body));

/**
 * OTLP JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding) as the protobuf that it stands for: ids
 * are hex, 64-bit integers text or numbers, enums numbers or names; null is absent, unknown fields are passed over.
 */
export class JsonToWire {
  private readonly request = shape_of(ExportTraceServiceRequestSchema);
  private writer = new BackwardWriter();
  private depth = 0;
  private path: (string | number)[] = [];

  /** Throws ReceiveError `malformed`, which names the place: `resourceSpans[0].scopeSpans[0].spans[2].kind`. */
  convert(request: unknown): Uint8Array {
    this.writer = new BackwardWriter();
    this.depth = 0;
    this.path = [];
    this.put_message(this.request, request);
    return this.writer.bytes();
  }

  private put_message(shape: MessageShape, value: unknown): void {
    if (typeof value !== "object" || value === null || Array.isArray(value)) this.refuse("an object", value);
    if (++this.depth > MESSAGE_DEPTH_MAX) this.refuse(`at most ${MESSAGE_DEPTH_MAX} objects in each other`, value);
    const fields = value as Record<string, unknown>;
    for (const name of Object.keys(fields).reverse()) {
      const field = shape.by_json_name.get(name);
      const content = fields[name];
      if (field === undefined || content === null) continue;
      this.path.push(field.json_name);
      if (field.is_repeated) this.put_list(field, content);
      else this.put_field(field, content);
      this.path.pop();
    }
    this.depth--;
  }

  private put_list(field: FieldShape, value: unknown): void {
    if (!Array.isArray(value)) this.refuse("an array", value);
    const list = value as unknown[];
    for (let index = list.length - 1; index >= 0; index--) {
      this.path.push(index);
      this.put_field(field, list[index]);
      this.path.pop();
    }
  }

  private put_field(field: FieldShape, value: unknown): void {
    const { writer } = this;
    const since = writer.byte_count;
    if (field.message) {
      this.put_message(field.message, value);
      writer.prefix(field.tag, since);
      return;
    }
    switch (field.scalar) {
      case ScalarType.STRING:
        writer.text(this.string(value));
        writer.prefix(field.tag, since);
        return;
      case ScalarType.BYTES:
        writer.raw(field.is_id ? this.id(value) : this.base64(value));
        writer.prefix(field.tag, since);
        return;
      case ScalarType.BOOL:
        writer.varint(this.boolean(value) ? 1 : 0);
        break;
      case ScalarType.UINT32:
        writer.varint(Number(this.integer(value, 0n, 0xffff_ffffn)));
        break;
      case ScalarType.FIXED32:
        writer.fixed32(Number(this.integer(value, 0n, 0xffff_ffffn)));
        break;
      case ScalarType.FIXED64:
        writer.fixed64(this.integer(value, 0n, 0xffff_ffff_ffff_ffffn));
        break;
      case ScalarType.DOUBLE:
        writer.double(this.double(value));
        break;
      case ScalarType.INT64:
        writer.varint64(this.integer(value, -(2n ** 63n), 2n ** 63n - 1n));
        break;
      default:
        // INT32 and enums, by number or name.
        writer.varint64(this.integer(field.enum_numbers?.get(String(value)) ?? value, -(2n ** 31n), 2n ** 31n - 1n));
    }
    writer.varint(field.tag);
  }

  private string(value: unknown): string {
    return typeof value === "string" ? value : this.refuse("a string", value);
  }

  private boolean(value: unknown): boolean {
    return typeof value === "boolean" ? value : this.refuse("true or false", value);
  }

  private id(value: unknown): Uint8Array {
    const text = this.string(value);
    const id = Buffer.from(text, "hex");
    return id.length * 2 === text.length ? id : NO_ID;
  }

  private base64(value: unknown): Uint8Array {
    const text = this.string(value);
    return BASE64.test(text) ? Buffer.from(text, "base64") : this.refuse("base64", value);
  }

  private double(value: unknown): number {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number !== "number") return this.refuse("a number", value);
    return Number.isNaN(number) && value !== "NaN" ? this.refuse("a number", value) : number;
  }

  private integer(value: unknown, min: bigint, max: bigint): bigint {
    const is_integer = typeof value === "number" ? Number.isInteger(value) : DIGITS.test(String(value));
    const integer = is_integer && (typeof value === "number" || typeof value === "string") ? BigInt(value) : null;
    if (integer === null || integer < min || integer > max)
      return this.refuse(`an integer from ${min} to ${max}`, value);
    return integer;
  }

  private refuse(expected: string, found: unknown): never {
    const place = this.path.map((step) => (typeof step === "number" ? `[${step}]` : `.${step}`)).join("");
    const what = typeof found === "object" ? kind_of(found) : JSON.stringify(found).slice(0, 100);
    throw new ReceiveError("malformed", `${place.slice(1) || "the body"}: expected ${expected}, found ${what}`);
  }
}

function kind_of(value: object | null): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "an array" : "an object";
}
