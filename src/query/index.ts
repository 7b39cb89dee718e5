/**
 * The questions, one function each: what the routes ask, in terms of a SpanStore.
 *
 * Ids are accepted in either case. Each resolves to JSON text that can be sent as it is; rejects with StoreError.
 */
export {
  delete_trace,
  llm_root_spans,
  root_spans,
  service_names,
  span,
  sql,
  trace_spans,
  workflow_spans,
} from "./questions.ts";
