import type { Config } from "../config/index.ts";
import type { SqlAnswer } from "../store/index.ts";
import { with_rows } from "./export.ts";

/**
 * Answers one SELECT over all rows as `spans` and `state_patches`, with the limits of SpanStore.sql and the caller's for
 * its time (null: none). Rejects with InspectError, BackupError or StoreError.
 */
export const answer_sql = (config: Config, select: string, ms_max: number | null): Promise<SqlAnswer> =>
  with_rows(config, null, (rows) => rows.sql(select, ms_max));
