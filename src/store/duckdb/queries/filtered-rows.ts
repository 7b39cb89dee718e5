import type { SpanFilter } from "../../../filter/index.ts";
import { StoreError } from "../../types.ts";
import { first_line } from "../database.ts";
import { filter_sql } from "./filter-sql.ts";
import { has_llm_sql, range_conditions } from "./list-sql.ts";
import { type Part, rows_sql } from "./rows-sql.ts";

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
  part: Part,
  also = "true",
): string | null {
  const has_llm = has_llm_sql(part.generations);
  const conditions = ` AND ${also}${range_conditions({ limit: null, offset: 0, ...range })}`;
  return rows_sql(part, COLUMNS, {
    hot: filter_sql(filter, { is_cold: false, has_llm: has_llm.hot }) + conditions,
    cold: filter_sql(filter, { is_cold: true, has_llm: has_llm.cold }) + conditions,
  });
}
