import type { DuckDBConnection } from "@duckdb/node-api";
import type { SpanFilter } from "../../../filter/index.ts";
import { summary_of } from "../../trace-summary.ts";
import type { FoundTrace, SearchRange, SpanFacts, TraceKey, TracePage } from "../../types.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import type { ReaderPool } from "../reader-pool.ts";
import { sql_list, sql_text } from "../row-source.ts";
import type { Segment } from "../segments/segment.ts";
import type { SegmentReaders } from "../segments/segment-readers.ts";
import type { View, Views } from "../views.ts";
import { earlier } from "./list-plan.ts";
import { timestamp } from "./list-sql.ts";
import type { Part } from "./rows-sql.ts";
import { filtered_rows, ROOTS, with_filter } from "./filtered-rows.ts";

/** A trace, and the newest of its spans that match. */
export type TraceMatch = { trace_id: string; span_id: string };
type Match = TraceKey & TraceMatch;

/** Segments of the first statement; a further one has at most so many times as many. */
const SEGMENTS_FIRST = 1;
const GROWTH_MAX = 4;
/** Of the time that is left, what a statement is planned to take: some segments take longer than others. */
const TIME_SHARE = 0.75;

/**
 * Finds traces by what their spans are. DuckDB looks through the newest segments first, a few at a time, until a page is
 * full: what is found in them is newer than all that the others have.
 */
export class TraceSearch {
  constructor(
    private readonly readers: ReaderPool,
    private readonly views: Views,
    private readonly segment_readers: SegmentReaders,
    private readonly search_ms_max: number,
  ) {}

  async search(filter: SpanFilter | null, range: SearchRange): Promise<TracePage> {
    using held = this.views.hold();
    const { view } = held;
    const { matches, next } = await this.readers.use(async (connection) => {
      for (const { tables } of view.generations) await tables.fill(connection);
      const deadline_ms = performance.now() + this.search_ms_max;
      return await with_filter(() => page_of(connection, filter ?? ROOTS, range, view, deadline_ms));
    });
    return { traces: await this.summaries_in(view, matches), next };
  }

  /** What these traces are now; without those that have gone. */
  async summaries(matches: readonly TraceMatch[]): Promise<FoundTrace[]> {
    using held = this.views.hold();
    return await this.summaries_in(held.view, matches);
  }

  private async summaries_in(view: View, matches: readonly TraceMatch[]): Promise<FoundTrace[]> {
    const traces = [];
    for (const { trace_id, span_id } of matches) {
      const facts = await this.facts_of(trace_id, view);
      if (facts.length > 0) traces.push({ ...summary_of(trace_id, facts), matched_span_id: span_id });
    }
    return traces;
  }

  private async facts_of(trace_id: string, { generations, segments }: Part): Promise<SpanFacts[]> {
    const trace = hash_trace_id(trace_id);
    const facts = generations.flatMap(({ keys, reader }) =>
      keys.may_hold_trace(trace) ? reader.trace_facts(trace_id) : [],
    );
    for (const segment of segments) {
      if (!segment.keys.may_hold_trace(trace)) continue;
      for (const fact of await this.segment_readers.use(segment, (reader) => reader.trace_facts(trace_id))) {
        facts.push(fact);
      }
    }
    return facts;
  }
}

/** Behind every trace id. */
const LAST_ID = "g";

/** A page without the traces that earlier ones had. */
async function page_of(
  connection: DuckDBConnection,
  filter: SpanFilter,
  range: SearchRange,
  view: Part,
  deadline_ms: number,
): Promise<{ matches: Match[]; next: TraceKey | null }> {
  const matches: Match[] = [];
  let next = range.after;
  do {
    const part = { ...range, limit: range.limit - matches.length, after: next };
    const found = await newest_matches(connection, filter, part, view, deadline_ms);
    matches.push(...(await without_seen(connection, filter, part, found.matches, view)));
    next = found.next;
  } while (next !== null && matches.length < range.limit && performance.now() < deadline_ms);
  return { matches, next };
}

/** The newest matching span, of those behind `after`, of each of the first `limit` traces. */
async function newest_matches(
  connection: DuckDBConnection,
  filter: SpanFilter,
  range: SearchRange,
  { generations, segments }: Part,
  deadline_ms: number,
): Promise<{ matches: Match[]; next: TraceKey | null }> {
  const waiting = segments
    .filter((segment) => is_in_range(segment, range))
    .sort((a, b) => (a.max_start_us > b.max_start_us ? -1 : Number(a.max_start_us < b.max_start_us)));
  const found = new Map<string, Match>();
  let hot = generations;
  let count = SEGMENTS_FIRST;
  for (;;) {
    const began_ms = performance.now();
    const part = { generations: hot, segments: waiting.splice(0, count) };
    for (const match of await matches_in(connection, filter, range, part)) keep_newer(found, match);
    // Behind this time there may be others, in segments that were not looked through yet.
    const unknown_us = waiting[0]?.max_start_us ?? null;
    const known = [...found.values()]
      .filter(({ start_us }) => unknown_us === null || start_us > unknown_us)
      .sort(newest_first);
    if (known.length >= range.limit) {
      const matches = known.slice(0, range.limit);
      const is_all = unknown_us === null && known.length === range.limit && found.size === known.length;
      return { matches, next: is_all ? null : key_of(matches[matches.length - 1]) };
    }
    if (unknown_us === null) return { matches: known, next: null };
    const now_ms = performance.now();
    // Where segments overlap, a page that ended earlier would not be behind the one before it, and would come again for ever.
    const next = { start_us: unknown_us + 1n, trace_id: LAST_ID };
    const is_behind = range.after === null || newest_first(range.after, next) < 0;
    // As many as there is time for, by what these have taken.
    const left_ms = Math.max(0, deadline_ms - now_ms) * TIME_SHARE;
    const affordable = Math.floor((left_ms * count) / (now_ms - began_ms));
    if (affordable === 0 && is_behind) return { matches: known, next };
    hot = [];
    count = Math.min(count * GROWTH_MAX, Math.max(1, affordable));
  }
}

/** Without the traces of which an earlier page had a newer span. */
async function without_seen(
  connection: DuckDBConnection,
  filter: SpanFilter,
  { since_us, until_us, after }: SearchRange,
  matches: readonly Match[],
  { generations, segments }: Part,
): Promise<readonly Match[]> {
  if (after === null || matches.length === 0) return matches;
  const trace_ids = matches.map(({ trace_id }) => trace_id);
  const hashes = trace_ids.map(hash_trace_id);
  const may_have_seen = ({ max_start_us, keys }: Segment) =>
    max_start_us >= after.start_us && hashes.some((trace) => keys.may_hold_trace(trace));
  const part = { generations, segments: segments.filter(may_have_seen) };
  const before = { since_us: later(since_us, after.start_us), until_us };
  const rows = filtered_rows(filter, before, part, `trace_id IN (${sql_list(trace_ids)})`);
  if (rows === null) return matches;
  const is_before = `start_time > ${timestamp(after.start_us)} OR trace_id <= ${sql_text(after.trace_id)}`;
  const seen = await connection.runAndReadAll(`SELECT DISTINCT trace_id FROM (${rows}) WHERE ${is_before}`);
  const seen_ids = new Set(seen.getRows().map(([trace_id]) => String(trace_id)));
  return matches.filter(({ trace_id }) => !seen_ids.has(trace_id));
}

/** The newest matching span of each trace in these places: of so many traces as are wanted, and one more. */
async function matches_in(
  connection: DuckDBConnection,
  filter: SpanFilter,
  { limit, since_us, until_us, after }: SearchRange,
  part: Part,
): Promise<Match[]> {
  const rows = filtered_rows(filter, { since_us, until_us: earlier(until_us, after?.start_us ?? null) }, part);
  if (rows === null) return [];
  const is_behind =
    after === null
      ? "true"
      : `start_time < ${timestamp(after.start_us)} OR (start_time = ${timestamp(after.start_us)} AND trace_id > ${sql_text(after.trace_id)})`;
  const found = await connection.runAndReadAll(
    `SELECT trace_id, epoch_us(max(start_time)) AS newest_us, arg_max(span_id, start_time)
     FROM (${rows}) WHERE ${is_behind} GROUP BY trace_id ORDER BY newest_us DESC, trace_id LIMIT ${limit + 1}`,
  );
  return found.getRows().map(([trace_id, start_us, span_id]) => ({
    trace_id: String(trace_id),
    start_us: start_us as bigint,
    span_id: String(span_id),
  }));
}

function keep_newer(found: Map<string, Match>, match: Match): void {
  const known = found.get(match.trace_id);
  if (known === undefined || known.start_us < match.start_us) found.set(match.trace_id, match);
}

const is_in_range = ({ min_start_us, max_start_us }: Segment, { since_us, until_us, after }: SearchRange): boolean =>
  (since_us === null || max_start_us >= since_us) &&
  (until_us === null || min_start_us <= until_us) &&
  (after === null || min_start_us <= after.start_us);

function newest_first(a: TraceKey, b: TraceKey): number {
  if (a.start_us !== b.start_us) return a.start_us > b.start_us ? -1 : 1;
  return a.trace_id < b.trace_id ? -1 : Number(a.trace_id > b.trace_id);
}

const key_of = ({ start_us, trace_id }: TraceKey): TraceKey => ({ start_us, trace_id });
const later = (a: bigint | null, b: bigint): bigint => (a !== null && a > b ? a : b);
