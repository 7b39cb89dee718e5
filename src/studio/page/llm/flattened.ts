import type { Attributes } from "../model/span-row.ts";
import { is_object } from "../model/json.ts";

/** What keys like `llm.input_messages.0.message.role` say about the things under a prefix, in the order of their numbers. */
export function flattened_list(attributes: Attributes, prefix: string): unknown[] {
  // Without a prototype: a key may be called __proto__.
  const root = Object.create(null) as Record<string, unknown>;
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith(`${prefix}.`)) put(root, key.slice(prefix.length + 1).split("."), value);
  }
  return numbered(root) ?? [];
}

function put(into: Record<string, unknown>, path: readonly string[], value: unknown) {
  const [key = "", ...rest] = path;
  if (rest.length === 0) {
    into[key] ??= value;
    return;
  }
  const inner = is_object(into[key]) ? into[key] : (Object.create(null) as Record<string, unknown>);
  into[key] = inner;
  put(inner, rest, value);
}

/** The values of an object all of whose keys are numbers, by number; else null. */
export function numbered(value: Record<string, unknown>): unknown[] | null {
  const keys = Object.keys(value);
  if (keys.length === 0 || !keys.every((key) => /^\d+$/.test(key))) return null;
  return keys.sort((a, b) => Number(a) - Number(b)).map((key) => value[key]);
}

/** A list, whether it was sent as one, or with numbers as keys. */
export const as_list = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : is_object(value) ? (numbered(value) ?? []) : [];
