/** What an attribute of a span or event means here, beyond being an attribute. */
export const KEY = {
  none: 0,
  junjo_id: 1,
  junjo_parent_id: 2,
  junjo_span_type: 3,
  state_start: 4,
  state_end: 5,
  graph_structure: 6,
  store_id: 7,
  workflow_id: 8,
  node_id: 9,
  definition_id: 10,
  parent_definition_id: 11,
  graph_snapshot: 12,
  openinference_kind: 13,
  gen_ai_operation: 14,
  model_name: 15,
  logfire_span_type: 16,
  logfire_pending_parent: 17,
} as const;

/** The attributes up to this one have columns of their own and leave attributes_json; those after it stay there too. */
export const LAST_MOVED_KEY = KEY.node_id;

export const KEY_COUNT = KEY.logfire_pending_parent + 1;

const NAMES: readonly (readonly [name: string, key: number])[] = [
  ["junjo.id", KEY.junjo_id],
  ["junjo.parent_id", KEY.junjo_parent_id],
  ["junjo.span_type", KEY.junjo_span_type],
  ["junjo.workflow.state.start", KEY.state_start],
  ["junjo.workflow.state.end", KEY.state_end],
  ["junjo.workflow.graph_structure", KEY.graph_structure],
  ["junjo.workflow.store.id", KEY.store_id],
  ["junjo.workflow_id", KEY.workflow_id],
  ["node.id", KEY.node_id],
  // Junjo 0.63 and later.
  ["junjo.executable_definition_id", KEY.definition_id],
  ["junjo.parent_executable_definition_id", KEY.parent_definition_id],
  ["junjo.workflow.execution_graph_snapshot", KEY.graph_snapshot],
  // Calls of a language model.
  ["openinference.span.kind", KEY.openinference_kind],
  ["gen_ai.operation.name", KEY.gen_ai_operation],
  ["gen_ai.request.model", KEY.model_name],
  ["llm.model_name", KEY.model_name],
  // Logfire's record that a span has started.
  ["logfire.span_type", KEY.logfire_span_type],
  ["logfire.pending_parent_id", KEY.logfire_pending_parent],
];

export type BytesTable = readonly (readonly [bytes: Uint8Array, value: number][] | undefined)[];

/** A table for `find_bytes`: the names by their length. */
export function bytes_table(names: readonly (readonly [name: string, value: number])[]): BytesTable {
  const by_length: [Uint8Array, number][][] = [];
  for (const [name, value] of names) {
    const bytes = new TextEncoder().encode(name);
    (by_length[bytes.length] ??= []).push([bytes, value]);
  }
  return by_length;
}

/** The value that goes with the name at `start` to `end`, or 0. */
export function find_bytes(table: BytesTable, bytes: Uint8Array, start: number, end: number): number {
  const candidates = table[end - start];
  if (candidates === undefined) return 0;
  next: for (const [name, value] of candidates) {
    // From behind: names of one length differ there first.
    for (let i = name.length - 1; i >= 0; i--) if (bytes[start + i] !== name[i]) continue next;
    return value;
  }
  return 0;
}

const KEYS = bytes_table(NAMES);

export const known_key = (bytes: Uint8Array, start: number, end: number): number => find_bytes(KEYS, bytes, start, end);
