/** A row of `spans`, as it is read: JSON as text, times in microseconds. Numbers may come as either kind. */
export type SpanRow = {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  service_name: string;
  name: string;
  kind: string;
  start_time: bigint;
  end_time: bigint;
  status_code: string;
  status_message: string;
  attributes_json: string;
  events_json: string;
  links_json: string;
  trace_flags: number;
  trace_state: string;
  junjo_id: string | null;
  junjo_parent_id: string | null;
  junjo_span_type: string | null;
  junjo_wf_state_start: string | null;
  junjo_wf_state_end: string | null;
  junjo_wf_graph_structure: string | null;
  junjo_wf_store_id: string | null;
  start_time_nanosecond: number;
  end_time_nanosecond: number;
  dropped_attributes_count: number;
  dropped_events_count: number;
  dropped_links_count: number;
  resource_attributes_json: string;
  resource_dropped_attributes_count: number;
  resource_entity_refs_json: string;
  resource_schema_url: string;
  scope_name: string;
  scope_version: string;
  scope_attributes_json: string;
  scope_dropped_attributes_count: number;
  scope_schema_url: string;
  is_llm: boolean;
};

/** What is known of a span that its row does not tell. */
export type PatchFacts = {
  /** junjo.workflow_id and node.id, or what stands for them in the span's patches; null: they were not sent. */
  workflow_id: string | null;
  node_id: string | null;
  /** At least those that can't be derived from the row. */
  patches: readonly {
    /** Which of the span's events it was. */
    index: number;
    store_id: string;
    /** Whether the patch is a JSON string. */
    is_string: boolean;
  }[];
};
