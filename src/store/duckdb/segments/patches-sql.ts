import { PATCH_COLUMNS } from "../../../decode/index.ts";
import { column_names } from "../column-types.ts";
import { sql_list } from "../row-source.ts";
import derived_patches_sql from "../sql/derived-patches.sql" with { type: "text" };

/** Where a segment has its state patches: rows of their own, and spans that others are derived from. */
export type PatchSource = { patches_path: string; spans_path: string; has_derived_patches: boolean };

/** A SELECT of all state patches of some segments, at least one, with the columns of PATCH_COLUMNS in their order. */
export function patches_sql(segments: readonly PatchSource[]): string {
  const rows = rows_sql(`[${sql_list(segments.map(({ patches_path }) => patches_path))}]`);
  const spans = segments.filter(({ has_derived_patches }) => has_derived_patches).map(({ spans_path }) => spans_path);
  return spans.length === 0 ? rows : `${rows} UNION ALL ${derived_sql(`read_parquet([${sql_list(spans)}])`)}`;
}

/** Those that are rows. `files`: as read_parquet takes them. */
export const rows_sql = (files: string): string => `SELECT ${column_names(PATCH_COLUMNS)} FROM read_parquet(${files})`;

/** Those that are derived from spans. `spans`: what stands behind FROM for them. */
export const derived_sql = (spans: string): string => derived_patches_sql.replace("/*spans*/", () => spans);
