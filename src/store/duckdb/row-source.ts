import type { KeyIndex } from "./keys/key-index.ts";

/** A set of rows that can be read with SQL and asked about keys without it: a generation of the hot tier, or a segment. */
export interface RowSource {
  readonly keys: KeyIndex;
  /** What stands behind FROM for its spans. */
  readonly spans_table: string;
}

/** Text as SQL writes it. */
export const sql_text = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const sql_list = (texts: Iterable<string>): string => Array.from(texts, sql_text).join(", ");
