import { compare, end_unix_nano, type SpanRow } from "./span-row.ts";

/** A span that has started and not ended, as the API gives it. */
export type PendingRow = { state: "running" | "never_ended"; span: Omit<SpanRow, "end_time" | "pending"> };

const MS_NANO = 1_000_000n;

/**
 * All spans of a trace: those that have ended, and those that have not as far as they have come. One that runs lasts until
 * now; one that never ended until the last end that is known.
 */
export function with_pending(ended: readonly SpanRow[], pending: readonly PendingRow[], now_ms: number): SpanRow[] {
  const ids = new Set(ended.map(({ span_id }) => span_id));
  const last = ended.toSorted((a, b) => compare(end_unix_nano(b), end_unix_nano(a))).at(0);
  const now = { end_time: `${new Date(now_ms).toISOString().slice(0, -1)}000+00:00`, end_time_nanosecond: 0 };
  // One may have ended between the two questions.
  const open = pending.filter(({ span }) => !ids.has(span.span_id));
  return [
    ...ended,
    ...open.map(({ state, span }): SpanRow => {
      const lasts_until_now =
        state === "running" && (last === undefined || end_unix_nano(last) < BigInt(now_ms) * MS_NANO);
      const { end_time, end_time_nanosecond } = lasts_until_now
        ? now
        : (last ?? { end_time: span.start_time, end_time_nanosecond: 0 });
      return { ...span, end_time, end_time_nanosecond, pending: state };
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
