import { end_unix_nano, type SpanRow } from "./span-row.ts";

/** A span that has started and not ended, as the API gives it. */
export type PendingRow = { state: "running" | "never_ended"; span: Omit<SpanRow, "end_time" | "pending"> };

const MS_NANO = 1_000_000n;

/**
 * All spans of a trace: those that have ended, and those that have not as far as they have come. One that runs lasts until
 * now; one that never ended until the last end that is known.
 */
export function with_pending(ended: readonly SpanRow[], pending: readonly PendingRow[], now_ms: number): SpanRow[] {
  const ids = new Set(ended.map(({ span_id }) => span_id));
  const last_end = ended.reduce((last, span) => (end_unix_nano(span) > last ? end_unix_nano(span) : last), 0n);
  const now = BigInt(now_ms) * MS_NANO;
  // One may have ended between the two questions.
  const open = pending.filter(({ span }) => !ids.has(span.span_id));
  return [
    ...ended,
    ...open.map(({ state, span }): SpanRow => {
      const until = state === "running" && now > last_end ? now : last_end;
      return { ...span, end_time: iso_time(until), end_time_nanosecond: 0, pending: state };
    }),
  ];
}

/** Of each trace the outermost of its spans that have not ended, in the order in which they are given. */
export function outermost(pending: readonly PendingRow[]): PendingRow[] {
  const ids = new Set(pending.map(({ span }) => `${span.trace_id} ${span.span_id}`));
  const tops = pending.filter(({ span }) => !ids.has(`${span.trace_id} ${span.parent_span_id}`));
  const first = new Map<string, PendingRow>();
  for (const top of tops) {
    const known = first.get(top.span.trace_id);
    if (known === undefined || top.span.start_time < known.span.start_time) first.set(top.span.trace_id, top);
  }
  return tops.filter((top) => first.get(top.span.trace_id) === top);
}

function iso_time(unix_nano: bigint): string {
  const to_the_millisecond = new Date(Number(unix_nano / MS_NANO)).toISOString().slice(0, -1);
  return `${to_the_millisecond}${String((unix_nano / 1000n) % 1000n).padStart(3, "0")}+00:00`;
}
