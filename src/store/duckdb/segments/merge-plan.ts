import type { Segment } from "./segment.ts";

/** So many segments of about one size become one: each row is written anew once for each size that it grows through. */
const SEGMENTS_MERGED = 4;

export type MergeLimits = {
  /** A segment that has half of this many rows, or half of these bytes in memory, is left alone. */
  rows_max: number;
  decoded_bytes_max: number;
};

/** The oldest segments of one size that are to become one; empty: none are. */
export function plan_merge(segments: readonly Segment[], { rows_max, decoded_bytes_max }: MergeLimits): Segment[] {
  const small = segments.filter(
    ({ manifest }) => manifest.span_count * 2 < rows_max && manifest.decoded_bytes * 2 < decoded_bytes_max,
  );
  const by_size = Map.groupBy(small, size_class);
  for (const of_one_size of by_size.values()) {
    if (of_one_size.length < SEGMENTS_MERGED) continue;
    const oldest = of_one_size.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, SEGMENTS_MERGED);
    return fitting(oldest, decoded_bytes_max);
  }
  return [];
}

const size_class = ({ manifest }: Segment): number =>
  Math.floor(Math.log2(Math.max(1, manifest.span_count)) / Math.log2(SEGMENTS_MERGED));

/** As many of them as are sorted in bounded memory: two at least, since each takes less than half of it. */
function fitting(segments: readonly Segment[], decoded_bytes_max: number): Segment[] {
  let bytes = 0;
  return segments.filter(({ manifest }) => (bytes += manifest.decoded_bytes) <= decoded_bytes_max);
}
