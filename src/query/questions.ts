import type { AttributeField, SpanFilter } from "../filter/index.ts";
import type {
  Dependency,
  Operation,
  PageRange,
  PendingRange,
  PendingSpan,
  SearchRange,
  ServiceActivity,
  SpanCounts,
  SpanPage,
  SpanStore,
  SqlAnswer,
  StatePatch,
  TailEvent,
  TimeParts,
  TracePage,
} from "../store/index.ts";

/** Which services have sent spans? Ascending. */
export const service_names = (
  store: SpanStore,
  range: Pick<PageRange, "limit" | "offset">,
): Promise<{ has_more: boolean; names: string[] }> => store.service_names(range);

/** What did this service start? Its spans without a parent. */
export const root_spans = (store: SpanStore, service_name: string, range: PageRange): Promise<SpanPage> =>
  store.list("roots", service_name, range);

/** The same, only where a model was called somewhere in the trace, by any service. */
export const llm_root_spans = (store: SpanStore, service_name: string, range: PageRange): Promise<SpanPage> =>
  store.list("llm_roots", service_name, range);

/** What happened in this trace? */
export const trace_spans = (store: SpanStore, trace_id: string, range: PageRange): Promise<SpanPage> =>
  store.trace_spans(trace_id.toLowerCase(), range);

/** This one span, or null. */
export const span = (store: SpanStore, trace_id: string, span_id: string): Promise<string | null> =>
  store.span(trace_id.toLowerCase(), span_id.toLowerCase());

/** Which workflows did this service run? */
export const workflow_spans = (store: SpanStore, service_name: string, range: PageRange): Promise<SpanPage> =>
  store.list("workflows", service_name, range);

/** Away with this trace, everywhere. Gives how many spans went. */
export const delete_trace = (store: SpanStore, trace_id: string): Promise<number> =>
  store.delete_trace(trace_id.toLowerCase());

/** Anything: one SELECT over all rows. */
export const sql = (store: SpanStore, select: string): Promise<SqlAnswer> => store.sql(select);

/** Which traces have such a span? Newest first. */
export const search = (store: SpanStore, filter: SpanFilter | null, range: SearchRange): Promise<TracePage> =>
  store.search(filter, range);

/** How many such spans were there, over time? */
export const count_spans = (store: SpanStore, filter: SpanFilter | null, parts: TimeParts): Promise<SpanCounts> =>
  store.count_spans(filter, parts);

/** What did each service do, over time? */
export const services = (store: SpanStore, parts: TimeParts): Promise<ServiceActivity[]> => store.services(parts);

/** Which spans have started and not ended? Newest first. */
export const pending_spans = (store: SpanStore, range: PendingRange): Promise<PendingSpan[]> =>
  store.pending_spans({ ...range, trace_id: range.trace_id?.toLowerCase() ?? null });

/** What are this service's spans called? */
export const operations = (store: SpanStore, service_name: string, limit: number): Promise<Operation[]> =>
  store.operations(service_name, limit);

/** Which service calls which? */
export const dependencies = (store: SpanStore, range: { since_us: bigint; until_us: bigint }): Promise<Dependency[]> =>
  store.dependencies(range);

/** Which attributes do spans, or their resources, have? */
export const attribute_keys = (store: SpanStore, level: "span" | "resource", limit: number): Promise<string[]> =>
  store.attribute_keys(level, limit);

/** Which values does an attribute have? */
export const attribute_values = (
  store: SpanStore,
  field: AttributeField,
  prefix: string,
  limit: number,
): Promise<string[]> => store.attribute_values(field, prefix, limit);

/** How did the state of this trace's workflows change? Oldest first. */
export const state_patches = (store: SpanStore, trace_id: string): Promise<StatePatch[]> =>
  store.state_patches(trace_id.toLowerCase());

/** Which traces with such a span come in from now on? */
export const tail = (store: SpanStore, filter: SpanFilter | null, signal: AbortSignal): AsyncGenerator<TailEvent> =>
  store.tail(filter, signal);
