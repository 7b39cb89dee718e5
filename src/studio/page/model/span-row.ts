/**
 * The part of a span's row that the page's models read, as `GET /otel/trace/{trace_id}/nested_spans` gives it and
 * JSON.parse reads it. An event's time may also be text or a bigint, for whoever parses it without losing digits.
 */
export type SpanRow = {
  readonly trace_id: string;
  readonly span_id: string;
  readonly parent_span_id: string | null;
  readonly service_name: string;
  readonly name: string;
  readonly kind: string;
  /** UTC with six decimals; `start_time_nanosecond` has the rest. */
  readonly start_time: string;
  readonly end_time: string;
  readonly start_time_nanosecond: number;
  readonly end_time_nanosecond: number;
  /** "0" unset, "1" ok, "2" error. */
  readonly status_code: string;
  readonly status_message: string;
  readonly attributes_json: Attributes;
  readonly events_json: readonly SpanEvent[];
  readonly dropped_attributes_count: number;
  readonly dropped_events_count: number;
  readonly dropped_links_count: number;
  readonly junjo_id: string | null;
  readonly junjo_parent_id: string | null;
  readonly junjo_span_type: string | null;
  readonly junjo_wf_state_start: unknown;
  readonly junjo_wf_state_end: unknown;
  readonly junjo_wf_graph_structure: unknown;
  readonly junjo_wf_store_id: string | null;
  readonly is_llm: boolean;
};

export type Attributes = Readonly<Record<string, unknown>>;

export type SpanEvent = {
  readonly name: string;
  readonly timeUnixNano: number | string | bigint;
  readonly attributes: Attributes;
  readonly droppedAttributesCount: number;
};

export type SpanStatus = "ok" | "error" | "unfinished";

const ISO = /^(\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})/;

function unix_nano(time: string, nanosecond: number): bigint {
  const [, year, month, day, hour, minute, second, micros] = ISO.exec(time) ?? [];
  if (micros === undefined) return 0n;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return BigInt(ms) * 1_000_000n + BigInt(micros) * 1000n + BigInt(nanosecond);
}

export const start_unix_nano = (span: SpanRow): bigint => unix_nano(span.start_time, span.start_time_nanosecond);
export const end_unix_nano = (span: SpanRow): bigint => unix_nano(span.end_time, span.end_time_nanosecond);

/** A span that was sent before it ended has an end of 0, or one before its start. */
export const has_ended = (span: SpanRow): boolean => end_unix_nano(span) >= start_unix_nano(span);

/** Null if it has not ended. */
export const duration_ns = (span: SpanRow): number | null =>
  has_ended(span) ? Number(end_unix_nano(span) - start_unix_nano(span)) : null;

export function status_of(span: SpanRow): SpanStatus {
  if (span.status_code === "2") return "error";
  return has_ended(span) ? "ok" : "unfinished";
}

/** What went wrong, in the words of the status, else of the last exception; null if nothing did. */
export function error_of(span: SpanRow): string | null {
  if (span.status_code !== "2") return null;
  if (span.status_message !== "") return span.status_message;
  const exception = span.events_json.findLast(({ name }) => name === "exception");
  return text_of(exception?.attributes, "exception.message") ?? text_of(span.attributes_json, "error.type") ?? "error";
}

/** By start; those of one time by id, so that the order is always the same. */
export const by_start = (a: SpanRow, b: SpanRow): number =>
  compare(start_unix_nano(a), start_unix_nano(b)) || compare(a.span_id, b.span_id);

export const compare = <T extends bigint | string | number>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

export const event_unix_nano = ({ timeUnixNano }: SpanEvent): bigint => BigInt(timeUnixNano);

/** The attribute if it is text that is not empty, else null. */
export function text_of(attributes: Attributes | undefined, ...keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = attributes?.[key];
    if (typeof value === "string" && value !== "") return value;
  }
  return null;
}

/** The first of the attributes that is a number, or text of one: some SDKs send counts as text. Else null. */
export function number_of(attributes: Attributes | undefined, ...keys: readonly string[]): number | null {
  for (const key of keys) {
    const value = attributes?.[key];
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "number" && Number.isFinite(number)) return number;
    if (typeof number === "bigint") return Number(number);
  }
  return null;
}
