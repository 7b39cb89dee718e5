/**
 * The columns, once: the decoder fills them, the schema test compares them with the DDL, the staging tables and the
 * API's rows are made from them.
 */
export type ColumnKind =
  /** Text: VARCHAR. */
  | "text"
  /** Text that is strict JSON: JSON. */
  | "json"
  /** Microseconds since 1970: TIMESTAMPTZ. */
  | "timestamp_us"
  /** A signed 32-bit number: INTEGER. */
  | "int32"
  /** An unsigned 32-bit number: UINTEGER. */
  | "uint32"
  | "boolean";

export type Column = {
  readonly name: string;
  readonly kind: ColumnKind;
  readonly is_nullable: boolean;
  readonly what: string;
};

const column = <N extends string>(name: N, kind: ColumnKind, what: string) => ({
  name,
  kind,
  is_nullable: false,
  what,
});
const nullable = <N extends string>(name: N, kind: ColumnKind, what: string) => ({
  name,
  kind,
  is_nullable: true,
  what,
});

/** `spans`: the 22 columns of the design, then what else OTLP carries and what queries need. */
export const SPAN_COLUMNS = [
  column("trace_id", "text", "32 lower-case hex digits"),
  column("span_id", "text", "16 lower-case hex digits"),
  nullable("parent_span_id", "text", "16 lower-case hex digits; null for a root"),
  column("service_name", "text", "service.name of the span's own resource; unknown_service if it has none"),
  column("name", "text", "may be empty"),
  column("kind", "text", "UNSPECIFIED, INTERNAL, SERVER, CLIENT, PRODUCER or CONSUMER; a number if it is none of them"),
  column("start_time", "timestamp_us", "microseconds; start_time_nanosecond has the rest"),
  column("end_time", "timestamp_us", "microseconds; end_time_nanosecond has the rest"),
  column("status_code", "text", 'the number as text: "0" unset, "1" ok, "2" error'),
  column("status_message", "text", "may be empty"),
  column("attributes_json", "json", "an object; without the Junjo attributes that have columns of their own"),
  column("events_json", "json", "an array of { name, timeUnixNano, attributes, droppedAttributesCount }"),
  column(
    "links_json",
    "json",
    "an array of { traceId, spanId, traceState, attributes, droppedAttributesCount, flags }",
  ),
  column("trace_flags", "int32", "the whole flags word, its 32 bits read as a signed number"),
  column("trace_state", "text", "the W3C tracestate; may be empty"),
  nullable("junjo_id", "text", "junjo.id, or from SDK 0.63 on junjo.executable_definition_id"),
  nullable("junjo_parent_id", "text", "junjo.parent_id, or junjo.parent_executable_definition_id"),
  nullable("junjo_span_type", "text", "junjo.span_type: workflow, subflow, node, run_concurrent, agent"),
  nullable("junjo_wf_state_start", "json", "junjo.workflow.state.start"),
  nullable("junjo_wf_state_end", "json", "junjo.workflow.state.end"),
  nullable("junjo_wf_graph_structure", "json", "junjo.workflow.graph_structure, or ….execution_graph_snapshot"),
  nullable("junjo_wf_store_id", "text", "junjo.workflow.store.id"),
  column("start_time_nanosecond", "int32", "0 to 999: nanoseconds to add to start_time"),
  column("end_time_nanosecond", "int32", "0 to 999: nanoseconds to add to end_time"),
  column("dropped_attributes_count", "uint32", "attributes that the SDK dropped"),
  column("dropped_events_count", "uint32", "events that the SDK dropped"),
  column("dropped_links_count", "uint32", "links that the SDK dropped"),
  column("resource_attributes_json", "json", "an object"),
  column("resource_dropped_attributes_count", "uint32", "resource attributes that the SDK dropped"),
  column("resource_entity_refs_json", "json", "an array of { schemaUrl, type, idKeys, descriptionKeys }"),
  column("resource_schema_url", "text", "may be empty"),
  column("scope_name", "text", "may be empty"),
  column("scope_version", "text", "may be empty"),
  column("scope_attributes_json", "json", "an object"),
  column("scope_dropped_attributes_count", "uint32", "scope attributes that the SDK dropped"),
  column("scope_schema_url", "text", "may be empty"),
  column("is_llm", "boolean", "whether the span is a call of a language model"),
] as const satisfies readonly Column[];

/** What is kept of a span besides, in no table and no answer. */
export const INTERNAL_SPAN_COLUMNS = [
  nullable("sent_workflow_id", "text", "junjo.workflow_id, if it was sent as text"),
  nullable("sent_node_id", "text", "node.id, if it was sent as text"),
  column(
    "derived_patch_count",
    "uint32",
    "how many state patches can be made of this row, to the letter; 0: those that it has, if any, are rows alone",
  ),
] as const satisfies readonly Column[];

/** What a batch and a segment have of a span. */
export const ALL_SPAN_COLUMNS = [...SPAN_COLUMNS, ...INTERNAL_SPAN_COLUMNS] as const;

/** `state_patches`: one for each set_state event. */
export const PATCH_COLUMNS = [
  column("patch_id", "text", "derived from trace_id, span_id and the event's index: a replay makes the same"),
  column("service_name", "text", "that of the span"),
  column("trace_id", "text", "32 lower-case hex digits"),
  column("span_id", "text", "16 lower-case hex digits"),
  column("workflow_id", "text", "the enclosing workflow or subflow, as far as the span knows it"),
  column("node_id", "text", "the span's own Junjo id"),
  column("event_time", "timestamp_us", "microseconds"),
  column("patch_json", "json", "junjo.state_json_patch: a JSON patch"),
  column("patch_store_id", "text", "junjo.store.id"),
] as const satisfies readonly Column[];

export type SpanColumnName = (typeof SPAN_COLUMNS)[number]["name"];
export type PatchColumnName = (typeof PATCH_COLUMNS)[number]["name"];
