import type { SpanRow } from "../../src/studio/page/model/span-row.ts";
import { capture_body, capture_spans } from "./captures.ts";
import { start_test_api } from "./http.ts";

/** The traces of a capture as the API answers them after taking it in, in the order of their roots' starts. */
export async function capture_traces(name: string): Promise<SpanRow[][]> {
  await using api = await start_test_api();
  await api.add_request(capture_body(name));
  const roots = capture_spans(name)
    .filter(({ parent_span_id }) => parent_span_id === "")
    .sort((a, b) => (BigInt(a.start_time_unix_nano) < BigInt(b.start_time_unix_nano) ? -1 : 1));
  const answers = roots.map(async ({ trace_id }) => await api.get(`/otel/trace/${String(trace_id)}/nested_spans`));
  return await Promise.all(answers.map(async (answer) => (await (await answer).json()) as SpanRow[]));
}

let count = 0;

/** A span's row with these columns, for what no SDK sent while it was captured. */
export function span_row(columns: Partial<SpanRow> = {}): SpanRow {
  count++;
  return {
    trace_id: "0af7651916cd43dd8448eb211c80319c",
    span_id: count.toString(16).padStart(16, "0"),
    parent_span_id: null,
    service_name: "test",
    name: "span",
    kind: "INTERNAL",
    start_time: "2026-11-23T18:00:00.000000+00:00",
    end_time: "2026-11-23T18:00:01.000000+00:00",
    start_time_nanosecond: 0,
    end_time_nanosecond: 0,
    status_code: "0",
    status_message: "",
    attributes_json: {},
    events_json: [],
    links_json: [],
    trace_state: "",
    dropped_attributes_count: 0,
    dropped_events_count: 0,
    dropped_links_count: 0,
    junjo_id: null,
    junjo_parent_id: null,
    junjo_span_type: null,
    junjo_wf_state_start: null,
    junjo_wf_state_end: null,
    junjo_wf_graph_structure: null,
    junjo_wf_store_id: null,
    resource_attributes_json: {},
    scope_name: "",
    scope_version: "",
    is_llm: false,
    ...columns,
  };
}
