import { parse_exactly } from "./exact-json.ts";

export type JsonObject = { [key: string]: unknown };

export const is_object = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const as_object = (value: unknown): JsonObject | null => (is_object(value) ? value : null);

export const as_array = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Text, or null for anything else and for the empty text. */
export const as_text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** What the text says as JSON, every digit of it; undefined if it is none, as when an SDK has cut it. */
export function parse_json(text: string): unknown {
  try {
    return parse_exactly(text);
  } catch {
    return undefined;
  }
}

/** Attributes have structured values as they are, or as JSON text, depending on the SDK. Text that is no JSON stays text. */
export const structured = (value: unknown): unknown =>
  typeof value === "string" ? (parse_json(value) ?? value) : value;

/** Whether two JSON values are the same; the order of an object's keys does not matter. */
export function is_same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => is_same(item, b[index]));
  }
  if (!is_object(a) || !is_object(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && is_same(a[key], b[key]));
}
