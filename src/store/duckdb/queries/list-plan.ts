import type { ListKind, PageRange } from "../../types.ts";
import type { ServiceFigures } from "../segments/manifest.ts";
import type { Segment } from "../segments/segment.ts";

/** Rows that a segment has for a list: `certain` are there whatever other segments hold. */
const COUNTS: Record<ListKind, (figures: ServiceFigures) => { possible: number; certain: number }> = {
  roots: ({ root_count }) => ({ possible: root_count, certain: root_count }),
  // A root's LLM span may be elsewhere.
  llm_roots: ({ root_count, llm_root_count }) => ({ possible: root_count, certain: llm_root_count }),
  workflows: ({ workflow_count }) => ({ possible: workflow_count, certain: workflow_count }),
  spans: ({ span_count }) => ({ possible: span_count, certain: span_count }),
};

export type ListPlan = {
  segments: readonly Segment[];
  /** Rows that start before or after are not on the page; null: every row may be. */
  since_us: bigint | null;
  until_us: bigint | null;
};

type Candidate = { segment: Segment; min_us: bigint; max_us: bigint; certain: number };

/**
 * Which segments may have rows of a page, by their figures alone. Of the newest segments as many are taken as certainly
 * fill it; everything that begins before them is not on it.
 */
export function plan_list(
  segments: readonly Segment[],
  kind: ListKind,
  service_name: string,
  { limit, offset, since_us = null, until_us = null, after = null }: PageRange,
): ListPlan {
  const last_us = earlier(until_us, after?.start_us ?? null);
  const candidates = segments
    .flatMap((segment) => candidate_of(segment, kind, service_name))
    .filter(
      ({ min_us, max_us }) => !(since_us !== null && max_us < since_us) && !(last_us !== null && min_us > last_us),
    );
  const all = { segments: candidates.map(({ segment }) => segment), since_us, until_us: last_us };
  if (limit === null) return all;
  let wanted = offset + limit + 1;
  for (const { min_us, max_us, certain } of candidates.toSorted((a, b) => (a.min_us > b.min_us ? -1 : 1))) {
    const is_whole = (since_us === null || min_us >= since_us) && (last_us === null || max_us < last_us);
    if (is_whole) wanted -= certain;
    if (wanted > 0) continue;
    const newest = candidates.filter((candidate) => candidate.max_us >= min_us);
    return { segments: newest.map(({ segment }) => segment), since_us: min_us, until_us: last_us };
  }
  return all;
}

function candidate_of(segment: Segment, kind: ListKind, service_name: string): Candidate[] {
  const figures = segment.services.get(service_name);
  if (figures === undefined) return [];
  const { possible, certain } = COUNTS[kind](figures);
  // Of spans that are no roots or workflows it is only known when those of all services begin.
  if (kind === "spans") return [{ segment, min_us: segment.min_start_us, max_us: segment.max_start_us, certain }];
  if (possible === 0 || figures.min_listed_us === null || figures.max_listed_us === null) return [];
  return [{ segment, min_us: BigInt(figures.min_listed_us), max_us: BigInt(figures.max_listed_us), certain }];
}

export const earlier = (a: bigint | null, b: bigint | null): bigint | null =>
  a === null || (b !== null && b < a) ? b : a;
