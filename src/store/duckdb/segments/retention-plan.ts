import type { Segment } from "./segment.ts";

export type RetentionLimits = {
  /** Spans older than this go; null: none do for their age. */
  days: number | null;
  /** Of segments on disk; beyond it the oldest go. Null: however many. */
  bytes: number | null;
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** Spans that began before this are too old; null: none are. */
export const retention_cutoff_ms = ({ days }: RetentionLimits, now_ms: number): number | null =>
  days === null ? null : Math.floor(now_ms - days * DAY_MS);

/** The segments whose time has come: whole ones, by the newest span in them. */
export function plan_retention(segments: readonly Segment[], retention: RetentionLimits, now_ms: number): Segment[] {
  const { bytes } = retention;
  const oldest_first = segments.toSorted((a, b) => age_mark_ms(a) - age_mark_ms(b));
  const cutoff_ms = retention_cutoff_ms(retention, now_ms) ?? -Infinity;
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
