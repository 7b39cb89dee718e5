import type { SpanFilter } from "../../filter/index.ts";
import * as questions from "../../query/index.ts";
import type { FoundTrace, SpanStore, TraceKey } from "../../store/index.ts";

/** A page of a search is what was found in a moment: as many are asked for one behind the other as take this long. */
const SEARCH_MS_MAX = 15_000;

/** The newest traces that have such a span, newest first. */
export async function find_traces(
  store: SpanStore,
  filter: SpanFilter,
  range: { since_us: bigint; until_us: bigint },
  limit: number,
): Promise<FoundTrace[]> {
  const deadline_ms = performance.now() + SEARCH_MS_MAX;
  const found: FoundTrace[] = [];
  let after: TraceKey | null = null;
  do {
    const { traces, next } = await questions.search(store, filter, { ...range, limit: limit - found.length, after });
    found.push(...traces);
    after = next;
  } while (after !== null && found.length < limit && performance.now() < deadline_ms);
  return found;
}

export const ids_of = (traces: readonly FoundTrace[]): string[] => traces.map(({ trace_id }) => trace_id);
