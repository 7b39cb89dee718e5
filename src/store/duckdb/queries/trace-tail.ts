import { LIMITS } from "../../../config/index.ts";
import type { SpanFilter } from "../../../filter/index.ts";
import { StoreError, type TailEvent } from "../../types.ts";
import type { Appended } from "../appended.ts";
import type { HotGeneration } from "../hot/generation.ts";
import type { ReaderPool } from "../reader-pool.ts";
import type { Views } from "../views.ts";
import { filter_sql } from "./filter-sql.ts";
import { ROOTS, with_filter } from "./filtered-rows.ts";
import { has_llm_sql } from "./list-sql.ts";
import type { TraceMatch, TraceSearch } from "./trace-search.ts";

/** The generation that was looked at last, and how many of its rows were. */
type Place = { generation: HotGeneration | undefined; row_count: number };
/** Rows of a generation, from one number to before another. */
type Rows = { generation: HotGeneration; first: number; end: number };

/** Follows what comes into the hot tier, by its rows' numbers. */
export class TraceTails {
  private open_count = 0;

  constructor(
    private readonly readers: ReaderPool,
    private readonly views: Views,
    private readonly appended: Appended,
    private readonly traces: TraceSearch,
  ) {}

  /** Begins when it is called. */
  follow(filter: SpanFilter | null, signal: AbortSignal): AsyncGenerator<TailEvent> {
    if (this.open_count >= LIMITS.TAILS_MAX) {
      throw new StoreError("overloaded", `${LIMITS.TAILS_MAX} others follow what comes in already, try again later`);
    }
    const generation = this.views.current.generations.at(-1);
    return this.events(filter ?? ROOTS, { generation, row_count: generation?.span_count ?? 0 }, signal);
  }

  private async *events(filter: SpanFilter, from: Place, signal: AbortSignal): AsyncGenerator<TailEvent> {
    this.open_count++;
    try {
      for (let [place, count] = [from, this.appended.count]; ;) {
        await this.appended.wait(count, signal);
        if (signal.aborted) return;
        count = this.appended.count;
        const { rows, is_gap, next } = this.rows_since(place);
        place = next;
        const matches = await this.matches(filter, rows);
        if (is_gap || matches.length > LIMITS.TAIL_TRACES_MAX) yield { kind: "gap" };
        const shown = matches.slice(0, LIMITS.TAIL_TRACES_MAX);
        if (shown.length > 0) yield { kind: "traces", traces: await this.traces.summaries(shown) };
        await Bun.sleep(LIMITS.TAIL_PAUSE_MS);
      }
    } finally {
      this.open_count--;
    }
  }

  /** What came since, but for what is sealed already: then there is a gap. */
  private rows_since({ generation, row_count }: Place): { rows: Rows[]; is_gap: boolean; next: Place } {
    const { generations } = this.views.current;
    const number = generation?.number ?? 0;
    const newer = generations.filter((other) => other.number >= number);
    const rows = newer.map((other) => ({
      generation: other,
      first: other === generation ? row_count : 0,
      end: other.span_count,
    }));
    const was_sealed = generation !== undefined && !generations.includes(generation);
    const is_gap = was_sealed && (generation.span_count > row_count || newer[0]?.number !== number + 1);
    const last = rows.at(-1);
    return {
      rows,
      is_gap,
      next: last === undefined ? { generation, row_count } : { generation: last.generation, row_count: last.end },
    };
  }

  /** The newest traces among the rows, and one more if there are more than are shown at once. */
  private async matches(filter: SpanFilter, rows: readonly Rows[]): Promise<TraceMatch[]> {
    using held = this.views.hold();
    const { generations } = held.view;
    // What was sealed since has been looked at by nobody: the next look finds the gap.
    const present = rows.filter(({ generation, first, end }) => generations.includes(generation) && end > first);
    if (present.length === 0) return [];
    return await this.readers.use(async (connection) => {
      for (const { tables } of generations) await tables.fill(connection);
      const condition = filter_sql(filter, { is_cold: false, has_llm: has_llm_sql(generations).hot });
      const selects = present.map(
        ({ generation, first, end }) =>
          `SELECT trace_id, span_id, start_time FROM ${generation.tables.spans}
           WHERE rowid >= ${first} AND rowid < ${end} AND ${condition}`,
      );
      const sql = `SELECT trace_id, arg_max(span_id, start_time) FROM (${selects.join(" UNION ALL ")})
         GROUP BY trace_id ORDER BY max(start_time) DESC, trace_id LIMIT ${LIMITS.TAIL_TRACES_MAX + 1}`;
      const found = await with_filter(() => connection.runAndReadAll(sql));
      return found.getRows().map(([trace_id, span_id]) => ({ trace_id: String(trace_id), span_id: String(span_id) }));
    });
  }
}
