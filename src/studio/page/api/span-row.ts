/** A row of `GET /otel/trace/{trace_id}/nested_spans`, or of a span that has not ended: what the API's document says of it, said closer. */
export type SpanRow = {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  service_name: string;
  name: string;
  kind: string;
  start_time: string;
  end_time: string;
  start_time_nanosecond: number;
  end_time_nanosecond: number;
  status_code: string;
  status_message: string;
  attributes_json: Record<string, unknown>;
  events_json: SpanEvent[];
  links_json: SpanLink[];
  trace_state: string;
  junjo_id: string | null;
  junjo_parent_id: string | null;
  junjo_span_type: string | null;
  junjo_wf_state_start: unknown;
  junjo_wf_state_end: unknown;
  junjo_wf_graph_structure: unknown;
  junjo_wf_store_id: string | null;
  dropped_attributes_count: number;
  dropped_events_count: number;
  dropped_links_count: number;
  resource_attributes_json: Record<string, unknown>;
  scope_name: string;
  scope_version: string;
  is_llm: boolean;
  /** It has not ended: its end is how far it is drawn. */
  pending?: "running" | "never_ended";
};

export type SpanEvent = {
  name: string;
  timeUnixNano: number | bigint;
  attributes: Record<string, unknown>;
  droppedAttributesCount: number;
};

export type SpanLink = { traceId: string; spanId: string; traceState: string; attributes: Record<string, unknown> };
