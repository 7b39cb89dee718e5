import { LIMITS } from "../../../src/config/index.ts";
import type { AttributeField, SpanFilter } from "../../../src/filter/index.ts";
import {
  type Dependency,
  type Operation,
  type PendingRange,
  type PendingSpan,
  type SearchRange,
  type ServiceActivity,
  type SpanCounts,
  type SpanFacts,
  summary_of,
  type TimeParts,
  type TraceKey,
  type TracePage,
} from "../../../src/store/index.ts";
import type { Row } from "../../support/store.ts";
import { holds } from "./plain-filter.ts";
import type { PlainSpan } from "./plain-store.ts";

const ROOT: SpanFilter = { op: "compare", field: { level: "intrinsic", name: "root" }, comparison: "=", value: true };

export function matching(spans: readonly PlainSpan[], filter: SpanFilter | null): PlainSpan[] {
  const llm_traces = new Set(spans.filter(({ is_llm }) => is_llm).map(({ trace_id }) => trace_id));
  return spans.filter((span) => {
    const row = JSON.parse(span.json) as Row;
    const { start_unix_nano, end_unix_nano } = facts_of(span);
    const duration_ns = Number(end_unix_nano - start_unix_nano);
    return holds(filter ?? ROOT, { row, duration_ns, trace_has_llm: llm_traces.has(span.trace_id) });
  });
}

export function search(spans: readonly PlainSpan[], filter: SpanFilter | null, range: SearchRange): TracePage {
  const newest = new Map<string, PlainSpan>();
  for (const span of matching(spans, filter).filter(starts_in(range))) {
    const known = newest.get(span.trace_id);
    if (known === undefined || span.start_us > known.start_us) newest.set(span.trace_id, span);
  }
  const behind = [...newest.values()].filter((span) => range.after === null || by_place(range.after, span) < 0);
  const found = behind.sort(by_place).slice(0, range.limit);
  const last = found.at(-1);
  return {
    traces: found.map(({ trace_id, span_id }) => ({
      ...summary_of(trace_id, spans.filter((span) => span.trace_id === trace_id).map(facts_of)),
      matched_span_id: span_id,
    })),
    next:
      last === undefined || behind.length === found.length
        ? null
        : { start_us: last.start_us, trace_id: last.trace_id },
  };
}

/** Of `pending`, what the range asks for; `spans` are those that are stored. */
export function pending_spans(
  pending: readonly PlainSpan[],
  spans: readonly PlainSpan[],
  { service_name, trace_id, limit }: PendingRange,
): PendingSpan[] {
  const wanted = pending.filter(
    (span) => (service_name ?? span.service) === span.service && (trace_id ?? span.trace_id) === span.trace_id,
  );
  return wanted
    .sort((a, b) => by_place(a, b) || (a.span_id < b.span_id ? -1 : 1))
    .slice(0, limit)
    .map((span) => {
      const signs = [
        ...pending.filter((other) => other.trace_id === span.trace_id).map(({ start_us }) => start_us),
        ...spans
          .filter((other) => other.trace_id === span.trace_id)
          .map((other) => facts_of(other).end_unix_nano / 1000n),
      ];
      const last_sign_us = signs.reduce((last, us) => (us > last ? us : last));
      const is_newer_root = (other: PlainSpan) =>
        other.service === span.service && (other.is_root || other.is_workflow) && other.start_us > last_sign_us;
      const is_quiet = last_sign_us < BigInt(Date.now() - LIMITS.PENDING_QUIET_MS) * 1000n;
      const { parent_span_id } = JSON.parse(span.json) as { parent_span_id: string | null };
      return {
        trace_id: span.trace_id,
        span_id: span.span_id,
        parent_span_id,
        service_name: span.service,
        start_us: span.start_us,
        json: span.json.replace(/"end_time":"[^"]*"/, '"end_time":null'),
        state: is_quiet && [...pending, ...spans].some(is_newer_root) ? "never_ended" : "running",
      };
    });
}

export function count_spans(spans: readonly PlainSpan[], filter: SpanFilter | null, parts: TimeParts): SpanCounts {
  const counts = Array.from({ length: parts.part_count }, () => ({ spans: 0, errors: 0 }));
  for (const span of matching(spans, filter).filter(starts_in(parts))) {
    const part = counts[part_of(span, parts)];
    part.spans++;
    part.errors += Number(facts_of(span).status_code === "2");
  }
  return counts;
}

export function services(spans: readonly PlainSpan[], parts: TimeParts): ServiceActivity[] {
  const names = [...new Set(spans.map(({ service }) => service))];
  names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.map((service_name) => {
    const own = spans.filter(({ service }) => service === service_name);
    const listed = own.filter(({ is_root, is_workflow }) => is_root || is_workflow);
    const roots = own.filter(({ is_root }) => is_root).filter(starts_in(parts));
    return {
      service_name,
      span_count: own.length,
      last_seen_us: listed.reduce(
        (last: bigint | null, { start_us }) => (last === null || start_us > last ? start_us : last),
        null,
      ),
      total: root_figures(roots),
      parts: Array.from({ length: parts.part_count }, (_, part) =>
        root_figures(roots.filter((span) => part_of(span, parts) === part)),
      ),
    };
  });
}

export function operations(spans: readonly PlainSpan[]): Operation[] {
  const keys = new Set(spans.map(({ row: { name, kind } }) => `${name}\0${kind}`));
  return Array.from(keys)
    .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((key) => key.split("\0"))
    .map(([name, kind]) => ({ name, kind }));
}

export function dependencies(spans: readonly PlainSpan[]): Dependency[] {
  const services = new Map(spans.map(({ trace_id, span_id, service }) => [trace_id + span_id, service]));
  const calls = spans.flatMap(({ trace_id, row: { parent_span_id }, service }) => {
    const parent = services.get(`${trace_id}${parent_span_id}`);
    return parent === undefined || parent === service ? [] : [`${parent}\0${service}`];
  });
  return Array.from(Map.groupBy(calls, (key) => key))
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map(([key, of_key]) => ({ parent: key.split("\0")[0], child: key.split("\0")[1], call_count: of_key.length }));
}

export function attribute_values(
  spans: readonly PlainSpan[],
  { level, key }: AttributeField,
  prefix: string,
): string[] {
  const values = spans.flatMap(({ json }) => {
    const { attributes_json, resource_attributes_json } = JSON.parse(json) as Record<string, Row>;
    const of = {
      span: [attributes_json],
      resource: [resource_attributes_json],
      any: [attributes_json, resource_attributes_json],
    };
    const found = of[level].find((attributes) => Object.hasOwn(attributes, key));
    return found === undefined ? [] : [String(found[key])];
  });
  return most_frequent(values.filter((value) => value.startsWith(prefix)));
}

export function attribute_keys(spans: readonly PlainSpan[], level: "span" | "resource"): string[] {
  return most_frequent(
    spans.flatMap(({ json }) => {
      const row = JSON.parse(json) as Record<string, object>;
      return Object.keys(level === "span" ? row.attributes_json : row.resource_attributes_json);
    }),
  );
}

function most_frequent(texts: readonly string[]): string[] {
  const groups = [...Map.groupBy(texts, (text) => text)];
  return groups.sort(([a, as], [b, bs]) => bs.length - as.length || (a < b ? -1 : 1)).map(([text]) => text);
}

function root_figures(roots: readonly PlainSpan[]) {
  const durations = roots
    .map(facts_of)
    .map(({ start_unix_nano, end_unix_nano }) => Number(end_unix_nano - start_unix_nano));
  return {
    roots: roots.length,
    errors: roots.filter((span) => facts_of(span).status_code === "2").length,
    p50_duration_ns: quantile(durations, 0.5),
    p95_duration_ns: quantile(durations, 0.95),
  };
}

/** Between two values that stand beside it, in proportion. */
function quantile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * share;
  const below = sorted[Math.floor(at)];
  return below + (sorted[Math.ceil(at)] - below) * (at - Math.floor(at));
}

const part_of = ({ start_us }: PlainSpan, { since_us, until_us, part_count }: TimeParts): number =>
  Number((start_us - since_us) / ((until_us - since_us) / BigInt(part_count) + 1n));

const starts_in =
  ({ since_us, until_us }: Pick<SearchRange, "since_us" | "until_us">) =>
  ({ start_us }: PlainSpan) =>
    (since_us === null || start_us >= since_us) && (until_us === null || start_us <= until_us);

function by_place(a: TraceKey, b: TraceKey): number {
  if (a.start_us !== b.start_us) return a.start_us > b.start_us ? -1 : 1;
  return a.trace_id < b.trace_id ? -1 : Number(a.trace_id > b.trace_id);
}

function facts_of({ json }: PlainSpan): SpanFacts {
  const row = JSON.parse(json) as Row & Record<string, never>;
  const nanos = (time: string, below: number) => {
    const [seconds, micros] = [BigInt(Math.floor(Date.parse(time) / 1000)), BigInt(time.slice(-12, -6))];
    return (seconds * 1_000_000n + micros) * 1000n + BigInt(below);
  };
  return {
    span_id: row.span_id,
    parent_span_id: row.parent_span_id,
    service_name: row.service_name,
    name: row.name,
    kind: row.kind,
    start_unix_nano: nanos(row.start_time, row.start_time_nanosecond),
    end_unix_nano: nanos(row.end_time, row.end_time_nanosecond),
    status_code: row.status_code,
    junjo_span_type: row.junjo_span_type,
    is_llm: row.is_llm,
  };
}
