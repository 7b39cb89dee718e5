import type { Segment } from "./segment.ts";

export type RetentionLimits = {
  /** Spans older than this go; null: none do for their age. */
  days: number | null;
  /** Of segments on disk; beyond it the oldest go. Null: however many. */
  bytes: number | null;
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** The segments whose time has come: whole ones, by the newest span in them. */
export function plan_retention(
  segments: readonly Segment[],
  { days, bytes }: RetentionLimits,
  now_ms: number,
): Segment[] {
  const oldest_first = segments.toSorted((a, b) => age_mark_ms(a) - age_mark_ms(b));
  const cutoff_ms = days === null ? -Infinity : now_ms - days * DAY_MS;
  let bytes_left = segments.reduce((sum, { file_bytes }) => sum + file_bytes, 0);
  return oldest_first.filter((segment) => {
    const must_go = age_mark_ms(segment) < cutoff_ms || (bytes !== null && bytes_left > bytes);
    if (must_go) bytes_left -= segment.file_bytes;
    return must_go;
  });
}

/** When its newest span began; a span that claims to come from the future counts from when it was sealed. */
function age_mark_ms({ max_start_us, manifest }: Segment): number {
  return Math.min(Number(max_start_us / 1000n), Date.parse(manifest.sealed_at));
}
