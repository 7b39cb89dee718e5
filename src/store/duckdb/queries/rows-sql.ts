import { sql_list } from "../row-source.ts";
import type { View } from "../views.ts";

/** A part of a view: what may have the rows that are asked for. */
export type Part = Pick<View, "generations" | "segments">;

/** Conditions on rows of the hot tier and of segments. */
export type TierConditions = { hot: string; cold: string };

/** A SELECT of the rows of `spans` that match, or null where there are none to look through. The generations' tables must be filled. */
export function rows_sql(
  { generations, segments }: Part,
  columns: string,
  { hot, cold }: TierConditions,
): string | null {
  const selects = generations.map(({ tables }) => `SELECT ${columns} FROM ${tables.spans} WHERE ${hot}`);
  if (segments.length > 0) {
    const files = sql_list(segments.map(({ spans_path }) => spans_path));
    selects.push(`SELECT ${columns} FROM read_parquet([${files}]) WHERE ${cold}`);
  }
  return selects.length === 0 ? null : selects.join("\nUNION ALL ");
}

/** Without the segments of which no row starts in the range. */
export const in_range = ({ generations, segments }: Part, range: { since_us: bigint; until_us: bigint }): Part => ({
  generations,
  segments: segments.filter(
    ({ min_start_us, max_start_us }) => max_start_us >= range.since_us && min_start_us <= range.until_us,
  ),
});
