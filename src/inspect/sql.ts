import type { Config } from "../config/index.ts";
import type { SqlAnswer } from "../store/index.ts";
import { with_rows } from "./export.ts";

/**
 * Answers one SELECT over all rows as `spans` and `state_patches`, with the limits of SpanStore.sql but that of its time.
 * Rejects with InspectError, BackupError or StoreError.
 */
export const answer_sql = (config: Config, select: string): Promise<SqlAnswer> =>
  with_rows(config, null, (rows) => rows.sql(select));
