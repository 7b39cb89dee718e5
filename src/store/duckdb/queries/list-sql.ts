import type { ListKind, PageRange } from "../../types.ts";
import { type HotGeneration } from "../hot/generation.ts";
import { sql_list, sql_text } from "../row-source.ts";
import { StraddlingLlmTraces } from "../straddling.ts";
import type { Segment } from "../segments/segment.ts";

/** Rows to look through: those of a kind and service. */
export type RowFilter = {
  hot: string;
  cold: string;
};

/** Whether a row's trace has an LLM span, as SQL. */
export function has_llm_sql(generations: readonly HotGeneration[]): RowFilter {
  const straddles = `trace_id IN (FROM ${StraddlingLlmTraces.TABLE})`;
  const llm_traces = generations.map(({ tables }) => `SELECT trace_id FROM ${tables.spans} WHERE is_llm`);
  return {
    hot: `(trace_id IN (${llm_traces.join(" UNION ALL ")}) OR ${straddles})`,
    cold: `(trace_has_llm OR ${straddles})`,
  };
}

export function list_filter(kind: ListKind, service_name: string, generations: readonly HotGeneration[]): RowFilter {
  const service = `service_name = ${sql_text(service_name)}`;
  if (kind === "workflows") {
    const condition = `${service} AND junjo_span_type = 'workflow'`;
    return { hot: condition, cold: `is_listed AND ${condition}` };
  }
  if (kind === "spans") return { hot: service, cold: service };
  const condition = `${service} AND parent_span_id IS NULL`;
  if (kind === "roots") return { hot: condition, cold: `is_listed AND ${condition}` };
  const has_llm = has_llm_sql(generations);
  return { hot: `${condition} AND ${has_llm.hot}`, cold: `is_listed AND ${condition} AND ${has_llm.cold}` };
}

/** Conditions on start_time that keep what is outside of the range out. */
export function range_conditions({ since_us = null, until_us = null, after = null }: PageRange): string {
  const conditions = [];
  if (since_us !== null) conditions.push(`start_time >= ${timestamp(since_us)}`);
  if (until_us !== null) conditions.push(`start_time <= ${timestamp(until_us)}`);
  if (after !== null) {
    const start = timestamp(after.start_us);
    const [trace_id, span_id] = [sql_text(after.trace_id), sql_text(after.span_id)];
    conditions.push(
      `start_time <= ${start}`,
      `(start_time < ${start} OR trace_id > ${trace_id} OR (trace_id = ${trace_id} AND span_id > ${span_id}))`,
    );
  }
  return conditions.map((condition) => ` AND ${condition}`).join("");
}

/** Newest first, as every list has it. */
export const NEWEST_FIRST = "ORDER BY start_time DESC, trace_id, span_id";

/**
 * SELECTs of these columns of the rows that match, one behind the other. `source` is their place among generations and
 * segments, in that order, and `row` their number there. The generations' tables must be filled.
 */
export function select_rows(
  generations: readonly HotGeneration[],
  segments: readonly Segment[],
  filter: RowFilter,
  range: PageRange,
  columns: string,
): string {
  const conditions = range_conditions(range);
  const selects = generations.map(
    ({ tables }, source) =>
      `SELECT ${source} AS source, rowid AS row, ${columns} FROM ${tables.spans} WHERE ${filter.hot}${conditions}`,
  );
  if (segments.length > 0) {
    const files = `[${sql_list(segments.map(({ spans_path }) => spans_path))}]`;
    selects.push(
      `SELECT (${generations.length} + file_index)::INTEGER AS source, file_row_number AS row, ${columns} ` +
        `FROM read_parquet(${files}) WHERE ${filter.cold}${conditions}`,
    );
  }
  return selects.join("\nUNION ALL ");
}

export const timestamp = (us: bigint): string => `make_timestamptz(${us})`;
