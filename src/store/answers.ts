import type { TraceKey } from "./types.ts";

/** Which of the spans that have not ended; null: whichever it is. */
export type PendingRange = { service_name: string | null; trace_id: string | null; limit: number };

/** A span that has started and whose end has not come. */
export type PendingSpan = {
  trace_id: string;
  span_id: string;
  parent_span_id: string | null;
  service_name: string;
  start_us: bigint;
  /** The row as JSON text, with an end_time that is null. */
  json: string;
  /**
   * `never_ended`: its service has begun another root or workflow since anything of its trace was last heard of, and that is
   * more than LIMITS.PENDING_QUIET_MS ago.
   */
  state: "running" | "never_ended";
};

/** The little of a span that says what it was. */
export type SpanFacts = {
  span_id: string;
  parent_span_id: string | null;
  service_name: string;
  name: string;
  kind: string;
  start_unix_nano: bigint;
  end_unix_nano: bigint;
  status_code: string;
  junjo_span_type: string | null;
  is_llm: boolean;
};

/** What of a trace is a service's. */
export type ServiceSummary = { name: string; span_count: number; error_count: number };

/** A trace as far as it has arrived. Its root is the first of its spans without a parent, null if there is none yet. */
export type TraceSummary = {
  trace_id: string;
  start_unix_nano: bigint;
  end_unix_nano: bigint;
  span_count: number;
  error_count: number;
  llm_span_count: number;
  /** Spans whose parent has not arrived. */
  orphan_count: number;
  /** By name, ascending. */
  services: ServiceSummary[];
  root: SpanFacts | null;
};

export type FoundTrace = TraceSummary & {
  /** The newest span that matches. */
  matched_span_id: string;
};

/**
 * Traces that have a matching span, each once. `next`: there may be more behind it, and `after` of the next page; a page may
 * have fewer than were asked for, or none, when looking for more would have taken too long.
 */
export type TracePage = { traces: FoundTrace[]; next: TraceKey | null };

/** What came in, to whoever follows it: traces that have new matching spans; or that some were missed. */
export type TailEvent = { kind: "traces"; traces: FoundTrace[] } | { kind: "gap" };

/** Matching spans that start in one of equally long parts of a time range, by the part's number. */
export type SpanCounts = { spans: number; errors: number }[];

/** What a service's roots did in one part of a time range. Durations are in nanoseconds; null: there was no root. */
export type RootFigures = {
  roots: number;
  errors: number;
  p50_duration_ns: number | null;
  p95_duration_ns: number | null;
};

export type ServiceActivity = {
  service_name: string;
  /** Of all that is stored. */
  span_count: number;
  /** The newest start of a root or workflow, in microseconds since 1970; null if it has none. */
  last_seen_us: bigint | null;
  /** In the time range. */
  total: RootFigures;
  /** By the number of the part. */
  parts: RootFigures[];
};

export type TimeParts = { since_us: bigint; until_us: bigint; part_count: number };

/** What spans of a service are called, and of which kind they are. */
export type Operation = { name: string; kind: string };

/** How many spans of one service have parents of another. */
export type Dependency = { parent: string; child: string; call_count: number };

/** One state patch. `patch_json` is JSON text. */
export type StatePatch = {
  patch_id: string;
  service_name: string;
  trace_id: string;
  span_id: string;
  workflow_id: string;
  node_id: string;
  event_time_us: bigint;
  patch_json: string;
  patch_store_id: string;
};

/** What a SELECT gave. Values are JSON's; whole numbers may be bigints. `truncated`: there were more rows. */
export type SqlAnswer = {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  truncated: boolean;
};
