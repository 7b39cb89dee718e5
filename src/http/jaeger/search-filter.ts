import type { Comparison, FilterValue, IntrinsicName, SpanFilter } from "../../filter/index.ts";

/** Which traces Jaeger's clients look for: those with a span for which all that is given holds. */
export type TraceQuery = {
  service?: string | undefined;
  operation?: string | undefined;
  /** Values by name: tags of the span or its process. */
  tags: ReadonlyMap<string, string>;
  duration_min_ns?: number | undefined;
  duration_max_ns?: number | undefined;
};

export function search_filter(query: TraceQuery): SpanFilter {
  const { service, operation, tags, duration_min_ns, duration_max_ns } = query;
  const filters = [
    ...when(service, (name) => intrinsic("service", "=", name)),
    ...when(operation, (name) => intrinsic("name", "=", name)),
    ...when(duration_min_ns, (ns) => intrinsic("duration", ">=", ns)),
    ...when(duration_max_ns, (ns) => intrinsic("duration", "<=", ns)),
    ...Array.from(tags, ([name, value]) => tag_filter(name, value)),
  ];
  return filters.length === 0 ? EVERY_SPAN : { op: "and", filters };
}

const when = <Value>(value: Value | undefined, filter: (value: Value) => SpanFilter): SpanFilter[] =>
  value === undefined ? [] : [filter(value)];

const intrinsic = (name: IntrinsicName, comparison: Comparison, value: FilterValue): SpanFilter => ({
  op: "compare",
  field: { level: "intrinsic", name },
  comparison,
  value,
});

const ROOT = intrinsic("root", "=", true);
const EVERY_SPAN: SpanFilter = { op: "or", filters: [ROOT, { op: "not", filter: ROOT }] };

const KINDS: readonly string[] = ["internal", "server", "client", "producer", "consumer"];

/** Tags that Jaeger makes of what is no attribute here. A span may have an attribute of that name as well. */
function tag_filter(name: string, value: string): SpanFilter {
  const attribute = attribute_filter(name, value);
  const made = made_tag_filter(name, value);
  return made === null ? attribute : { op: "or", filters: [made, attribute] };
}

function made_tag_filter(name: string, value: string): SpanFilter | null {
  switch (name) {
    case "error":
      return value === "true" ? intrinsic("status", "=", "error") : null;
    case "otel.status_code":
      return value === "OK" || value === "ERROR" ? intrinsic("status", "=", value.toLowerCase()) : null;
    case "otel.status_description":
      return intrinsic("message", "=", value);
    case "span.kind":
      return KINDS.includes(value) ? intrinsic("kind", "=", value) : null;
    case "otel.scope.name":
    case "otel.library.name":
      return intrinsic("scope", "=", value);
    default:
      return null;
  }
}

/** Values that are the same as text, as in Jaeger, whose clients send no types: "200" is also the number. */
function attribute_filter(key: string, value: string): SpanFilter {
  const field = { level: "any", key } as const;
  const may_be_no_text = /^(true$|false$|[-\d[{])/.test(value);
  return may_be_no_text
    ? { op: "compare", field, comparison: "=~", value: `^${escaped(value)}$` }
    : { op: "compare", field, comparison: "=", value };
}

const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`);
