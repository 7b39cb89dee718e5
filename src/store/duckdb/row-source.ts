import type { DuckDBConnection } from "@duckdb/node-api";
import type { KeyIndex } from "./keys/key-index.ts";

/** A set of rows: a generation of the hot tier, or a segment. */
export interface RowSource {
  readonly keys: KeyIndex;
  /** The keys of all spans of these traces: trace_id and span_id, one behind the other. */
  span_keys(connection: DuckDBConnection, trace_ids: Iterable<string>): Promise<string[]>;
}

/** Text as SQL writes it. */
export const sql_text = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const sql_list = (texts: Iterable<string>): string => Array.from(texts, sql_text).join(", ");
