import type { ServiceSummary, SpanFacts, TraceSummary } from "./types.ts";

const ERROR = "2";

/** What the spans of a trace, of which there is at least one, come to. */
export function summary_of(trace_id: string, spans: readonly SpanFacts[]): TraceSummary {
  const [first, ...others] = spans;
  let { start_unix_nano, end_unix_nano } = first;
  for (const span of others) {
    if (span.start_unix_nano < start_unix_nano) start_unix_nano = span.start_unix_nano;
    if (span.end_unix_nano > end_unix_nano) end_unix_nano = span.end_unix_nano;
  }
  const ids = new Set(spans.map(({ span_id }) => span_id));
  const roots = spans.filter(({ parent_span_id }) => parent_span_id === null);
  return {
    trace_id,
    start_unix_nano,
    end_unix_nano,
    span_count: spans.length,
    error_count: error_count(spans),
    llm_span_count: spans.filter(({ is_llm }) => is_llm).length,
    orphan_count: spans.filter(({ parent_span_id }) => parent_span_id !== null && !ids.has(parent_span_id)).length,
    services: services_of(spans),
    root: roots.sort(by_start)[0] ?? null,
  };
}

const error_count = (spans: readonly SpanFacts[]): number =>
  spans.filter(({ status_code }) => status_code === ERROR).length;

function services_of(spans: readonly SpanFacts[]): ServiceSummary[] {
  const by_name = Map.groupBy(spans, ({ service_name }) => service_name);
  return Array.from(by_name, ([name, own]) => ({ name, span_count: own.length, error_count: error_count(own) })).sort(
    (a, b) => (a.name < b.name ? -1 : 1),
  );
}

function by_start(a: SpanFacts, b: SpanFacts): number {
  if (a.start_unix_nano !== b.start_unix_nano) return a.start_unix_nano < b.start_unix_nano ? -1 : 1;
  return a.span_id < b.span_id ? -1 : 1;
}
