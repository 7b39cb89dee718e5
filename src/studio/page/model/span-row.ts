import type { SpanEvent, SpanRow } from "../api/span-row.ts";

export type { SpanEvent, SpanRow };

export type Attributes = Readonly<Record<string, unknown>>;

export type SpanStatus = "ok" | "error" | "unfinished";

const ISO = /^(\d{4,})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})/;

/** Times are asked for again and again, and to read one takes a microsecond. */
const times_by_span = new WeakMap<SpanRow, { start: bigint; end: bigint }>();

function times_of(span: SpanRow): { start: bigint; end: bigint } {
  const known = times_by_span.get(span);
  if (known !== undefined) return known;
  const read = {
    start: unix_nano(span.start_time, span.start_time_nanosecond),
    end: unix_nano(span.end_time, span.end_time_nanosecond),
  };
  times_by_span.set(span, read);
  return read;
}

function unix_nano(time: string, nanosecond: number): bigint {
  const [, year, month, day, hour, minute, second, micros] = ISO.exec(time) ?? [];
  if (micros === undefined) return 0n;
  const ms = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return BigInt(ms) * 1_000_000n + BigInt(micros) * 1000n + BigInt(nanosecond);
}

export const start_unix_nano = (span: SpanRow): bigint => times_of(span).start;
export const end_unix_nano = (span: SpanRow): bigint => times_of(span).end;

/** One that has not may have an end before its start. */
export const has_ended = (span: SpanRow): boolean =>
  span.pending === undefined && end_unix_nano(span) >= start_unix_nano(span);

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
