import { bytes_value, key_value, key_values, type OtherKind, string_value } from "./any-value.ts";
import { members } from "./json-parts.ts";
import type { PatchFacts, SpanRow } from "./types.ts";

type MovedColumn = {
  column: keyof SpanRow;
  attribute: string;
  /** The attribute that fills the column when the other one was not sent. It stays among the attributes. */
  newer?: string;
};

/** Attributes that leave attributes_json for a column of their own, with their quotes. */
export const MOVED: readonly MovedColumn[] = [
  { column: "junjo_id", attribute: '"junjo.id"', newer: '"junjo.executable_definition_id"' },
  { column: "junjo_parent_id", attribute: '"junjo.parent_id"', newer: '"junjo.parent_executable_definition_id"' },
  { column: "junjo_span_type", attribute: '"junjo.span_type"' },
  { column: "junjo_wf_store_id", attribute: '"junjo.workflow.store.id"' },
  { column: "junjo_wf_state_start", attribute: '"junjo.workflow.state.start"' },
  { column: "junjo_wf_state_end", attribute: '"junjo.workflow.state.end"' },
  {
    column: "junjo_wf_graph_structure",
    attribute: '"junjo.workflow.graph_structure"',
    newer: '"junjo.workflow.execution_graph_snapshot"',
  },
];
const NEWER = new Set(MOVED.map(({ newer }) => newer));
const WORKFLOW_TYPES: readonly unknown[] = ["workflow", "subflow"];

/** A span's attributes as an OTLP list, with those that columns of their own were made of. */
export function span_attributes(row: SpanRow, patches: PatchFacts | null): string {
  const newer = new Map<string, string>();
  const other_kind: OtherKind = (key, value) => {
    if (NEWER.has(key)) newer.set(key, value);
    // Three bytes look like the operation of a language model, as text they would be one.
    if (key === '"gen_ai.operation.name"' && value === '"chat"' && !row.is_llm) return bytes_value("chat");
    return null;
  };
  const stayed = key_values(row.attributes_json, other_kind);
  const moved = MOVED.flatMap((column) => moved_attribute(row, column, newer));
  const sent = patches === null ? [] : ids_of_patches(row, patches);
  const first = [...moved, ...sent].join();
  return stayed === "[]" || first === "" ? `[${first}${stayed.slice(1)}` : `[${first},${stayed.slice(1)}`;
}

function moved_attribute(
  row: SpanRow,
  { column, attribute, newer }: MovedColumn,
  found: Map<string, string>,
): string[] {
  const cell = row[column];
  const other = newer === undefined ? undefined : found.get(newer);
  const from_other = other === undefined || other === "null" ? null : text_of(other);
  if (cell === from_other) return [];
  // One that was sent without a value keeps the newer one out of the column.
  return [key_value(attribute, cell === null ? "{}" : string_value(String(cell)))];
}

/** What the decoder makes of a value in a column of text. */
const text_of = (value: string): string => (value[0] === '"' ? (JSON.parse(value) as string) : value);

/** Where junjo.workflow_id and node.id were not sent, others stand for them. */
function ids_of_patches(row: SpanRow, { workflow_id, node_id }: PatchFacts): string[] {
  const workflow = WORKFLOW_TYPES.includes(row.junjo_span_type) ? row.junjo_id : row.junjo_parent_id;
  const ids: string[] = [];
  const add = (attribute: string, id: string | null, other: string | null) => {
    if (id !== null && id !== (other ?? "")) ids.push(key_value(attribute, string_value(id)));
  };
  add('"junjo.workflow_id"', workflow_id, workflow);
  add('"node.id"', node_id, row.junjo_id);
  return ids;
}

/** An object's members by their keys, which have their quotes. */
export const fields_of = (object: string): ReadonlyMap<string, string> => new Map(members(object));
