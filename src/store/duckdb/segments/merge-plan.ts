import type { Segment } from "./segment.ts";

/** So many segments of about one size become one: each row is written anew once for each size that it grows through. */
const SEGMENTS_MERGED = 4;

/** The oldest segments of one size that are to become one; empty: none are. One that has half of these rows is left alone. */
export function plan_merge(segments: readonly Segment[], rows_max: number): Segment[] {
  const small = segments.filter(({ manifest }) => manifest.span_count * 2 < rows_max);
  const by_size = Map.groupBy(small, size_class);
  for (const of_one_size of by_size.values()) {
    if (of_one_size.length < SEGMENTS_MERGED) continue;
    return of_one_size.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, SEGMENTS_MERGED);
  }
  return [];
}

const size_class = ({ manifest }: Segment): number =>
  Math.floor(Math.log2(Math.max(1, manifest.span_count)) / Math.log2(SEGMENTS_MERGED));
