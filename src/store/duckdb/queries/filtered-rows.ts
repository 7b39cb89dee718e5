import type { SpanFilter } from "../../../filter/index.ts";
import type { HotGeneration } from "../hot/generation.ts";
import { StoreError } from "../../types.ts";
import { first_line } from "../database.ts";
import { sql_list } from "../row-source.ts";
import type { Segment } from "../segments/segment.ts";
import { filter_sql } from "./filter-sql.ts";
import { has_llm_sql, range_conditions } from "./list-sql.ts";

export const ROOTS: SpanFilter = {
  op: "compare",
  field: { level: "intrinsic", name: "root" },
  comparison: "=",
  value: true,
};

/** What DuckDB says of a regular expression that is none. */
const BAD_PATTERN = /^Invalid Input Error/;

/** Runs what has a filter in it. Rejects with StoreError `refused` when DuckDB does not take the filter's patterns. */
export async function with_filter<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!BAD_PATTERN.test(first_line(error))) throw error;
    throw new StoreError("refused", first_line(error), { cause: error });
  }
}

const COLUMNS = "trace_id, span_id, start_time, status_code";

/**
 * A SELECT of the trace_id, span_id, start_time and status_code of matching rows, or null where there are none to look through.
 * The generations' tables must be filled.
 */
export function filtered_rows(
  filter: SpanFilter,
  range: { since_us: bigint | null; until_us: bigint | null },
  { generations, segments }: { generations: readonly HotGeneration[]; segments: readonly Segment[] },
  also = "true",
): string | null {
  const has_llm = has_llm_sql(generations);
  const conditions = ` AND ${also}${range_conditions({ limit: null, offset: 0, ...range })}`;
  const hot = filter_sql(filter, { is_cold: false, has_llm: has_llm.hot });
  const selects = generations.map(({ tables }) => `SELECT ${COLUMNS} FROM ${tables.spans} WHERE ${hot}${conditions}`);
  if (segments.length > 0) {
    const cold = filter_sql(filter, { is_cold: true, has_llm: has_llm.cold });
    const files = sql_list(segments.map(({ spans_path }) => spans_path));
    selects.push(`SELECT ${COLUMNS} FROM read_parquet([${files}]) WHERE ${cold}${conditions}`);
  }
  return selects.length === 0 ? null : selects.join("\nUNION ALL ");
}
