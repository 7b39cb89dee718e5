import { elements, members } from "./json-parts.ts";

/** What stands for an attribute's value where its JSON does not tell the kind: OTLP JSON, or null for the usual reading. */
export type OtherKind = (key: string, value: string) => string | null;

const USUAL: OtherKind = () => null;
const NON_FINITE = new Set(["NaN", "Infinity", "-Infinity"]);

/**
 * A stored value as an OTLP AnyValue that is stored so again. A number with a point or an exponent was a double. Bytes
 * and doubles that are no numbers are stored as text, which is what they become.
 */
export function any_value(value: string): string {
  switch (value[0]) {
    case '"':
      return `{"stringValue":${value}}`;
    case "{":
      return `{"kvlistValue":{"values":${key_values(value)}}}`;
    case "[":
      return `{"arrayValue":{"values":[${Array.from(elements(value), any_value).join()}]}}`;
    case "t":
    case "f":
      return `{"boolValue":${value}}`;
    case "n":
      return "{}";
    default:
      return /[.eE]/.test(value) ? `{"doubleValue":${value}}` : `{"intValue":"${value}"}`;
  }
}

/** A stored object as an OTLP list of KeyValues, behind those that `first` holds. */
export function key_values(object: string, other_kind: OtherKind = USUAL, first: readonly string[] = []): string {
  const rest = Array.from(members(object), ([key, value]) =>
    key_value(key, other_kind(key, value) ?? any_value(value)),
  );
  return `[${[...first, ...rest].join()}]`;
}

/** `key` with its quotes. */
export const key_value = (key: string, value: string): string => `{"key":${key},"value":${value}}`;

export const string_value = (text: string): string => `{"stringValue":${JSON.stringify(text)}}`;

/**
 * A value of which nothing is stored but that it was there: of a kind that spans do not have. Left out, it would be none,
 * which matters where a value's JSON becomes a text.
 */
const UNKNOWN_VALUE = '{"stringValueStrindex":0}';

/**
 * A stored value whose JSON is what was made of it where text is wanted, so that it was no text: of those that look like
 * one, bytes, or a double that is no number. Null: the usual reading will do.
 */
export function no_string(value: string): string | null {
  if (value === "null") return UNKNOWN_VALUE;
  if (!is_text(value)) return null;
  const text = JSON.parse(value) as string;
  if (NON_FINITE.has(text)) return `{"doubleValue":${value}}`;
  return bytes_value(text);
}

/** Null: the text is not what bytes are stored as. */
export function bytes_value(text: string): string | null {
  const is_base64 = Buffer.from(text, "base64").toString("base64") === text;
  return is_base64 ? `{"bytesValue":${JSON.stringify(text)}}` : null;
}

export const is_text = (value: string | undefined): value is string => value?.[0] === '"';
