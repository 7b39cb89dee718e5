/**
 * The questions, one function each: what the routes ask, in terms of a SpanStore.
 *
 * Ids are accepted in either case. Each resolves to JSON text that can be sent as it is; rejects with StoreError.
 */
export { type OtlpEncoding, trace_request } from "./trace-request.ts";
export {
  attribute_keys,
  attribute_values,
  count_spans,
  delete_trace,
  dependencies,
  llm_root_spans,
  operations,
  pending_spans,
  root_spans,
  search,
  service_names,
  services,
  span,
  sql,
  state_patches,
  tail,
  trace_spans,
  workflow_spans,
} from "./questions.ts";
