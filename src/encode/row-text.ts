import { MOVED } from "./attributes.ts";
import { members } from "./json-parts.ts";
import type { SpanRow } from "./types.ts";

const MOVED_BY_COLUMN = new Map(MOVED.map(({ column, attribute }) => [`"${column}"`, attribute]));
const ATTRIBUTES = '"attributes_json"';

/**
 * A row's JSON text, in which attributes that have columns of their own are among the attributes too: as text, as SDKs send
 * them. Those that a newer name stands for are there by both.
 */
export function with_moved_attributes(row: string): string {
  const parts: string[] = [];
  const moved: string[] = [];
  let attributes_at = -1;
  for (const [key, value] of members(row)) {
    const attribute = MOVED_BY_COLUMN.get(key);
    if (attribute !== undefined && value !== "null") moved.push(`${attribute}:${as_text(key, value)}`);
    if (key === ATTRIBUTES) attributes_at = parts.length;
    parts.push(`${key}:${value}`);
  }
  if (attributes_at >= 0) {
    const attributes = parts[attributes_at].slice(ATTRIBUTES.length + 1);
    parts[attributes_at] = `${ATTRIBUTES}:${with_members(attributes, moved)}`;
  }
  return `{${parts.join()}}`;
}

/** The same attributes of a row that is there as values. */
export function all_attributes(row: SpanRow): string {
  const moved = MOVED.flatMap(({ column, attribute }) =>
    row[column] === null ? [] : [`${attribute}:${JSON.stringify(String(row[column]))}`],
  );
  return with_members(row.attributes_json, moved);
}

const JSON_COLUMNS = new Set(['"junjo_wf_state_start"', '"junjo_wf_state_end"', '"junjo_wf_graph_structure"']);

/** What is JSON in its column was sent as a text that holds it. */
const as_text = (column: string, value: string): string => (JSON_COLUMNS.has(column) ? JSON.stringify(value) : value);

function with_members(object: string, first: readonly string[]): string {
  if (first.length === 0) return object;
  return object === "{}" ? `{${first.join()}}` : `{${first.join()},${object.slice(1)}`;
}
