import type { DuckDBConnection } from "@duckdb/node-api";
import { hash_span, hash_trace, new_key_hash } from "../keys/key-hash.ts";
import { SegmentKeys } from "../keys/key-index.ts";

/** Reads the keys of all rows of a table, or of what else may stand behind FROM. */
export async function keys_of(connection: DuckDBConnection, table: string): Promise<SegmentKeys> {
  const keys = new SegmentKeys();
  const hash = new_key_hash();
  const result = await connection.stream(`SELECT trace_id || span_id, is_llm FROM ${table}`);
  for (;;) {
    const chunk = await result.fetchChunk();
    if (chunk === null || chunk.rowCount === 0) return keys;
    const [ids, are_llm] = chunk.getColumns();
    for (const [row, id] of ids.entries()) {
      const bytes = Buffer.from(String(id), "latin1");
      keys.traces.add(hash_trace(bytes, 0, hash));
      if (are_llm[row] === true) keys.llm_traces.add(hash);
      keys.spans.add(hash_span(bytes, 0, TRACE_DIGITS, hash));
    }
  }
}

const TRACE_DIGITS = 32;
