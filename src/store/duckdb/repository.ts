import { type DuckDBConnection, LIST, listValue, VARCHAR } from "@duckdb/node-api";
import type { ByteHeap, ColumnBatch } from "../../decode/index.ts";
import { StoreError } from "../types.ts";
import insert_patches_sql from "./sql/insert-patches.sql" with { type: "text" };
import insert_spans_sql from "./sql/insert-spans.sql" with { type: "text" };
import missing_spans_sql from "./sql/missing-spans.sql" with { type: "text" };
import { append_vectors } from "./vectors.ts";

/**
 * Inserts the spans that are not there yet, in order, and gives their number. Of a key that stands twice the first row
 * stays. Call within a transaction, on a connection that has the staging tables: all of the batch or none of it.
 */
export async function batch_insert_spans(
  connection: DuckDBConnection,
  spans: ColumnBatch,
  heap: ByteHeap,
): Promise<number> {
  await stage(connection, "staged_spans", spans, heap);
  const result = await connection.run(insert_spans_sql);
  return result.rowsChanged;
}

/**
 * Inserts the patches that are not there yet. A patch whose span is neither stored nor among those staged by
 * `batch_insert_spans` in this transaction is refused with a StoreError `missing_span` that names it; the rest is kept.
 */
export async function batch_insert_state_patches(
  connection: DuckDBConnection,
  patches: ColumnBatch,
  heap: ByteHeap,
): Promise<{ inserted: number; refused: StoreError[] }> {
  await stage(connection, "staged_patches", patches, heap);
  const missing = (await connection.runAndReadAll(missing_spans_sql)).getRows().map((row) => row.map(String));
  const refused = missing.map(
    ([patch_id, trace_id, span_id]) =>
      new StoreError("missing_span", `state patch ${patch_id}: there is no span ${span_id} in trace ${trace_id}`),
  );
  const result = await connection.run(
    insert_patches_sql,
    { refused: listValue(missing.map(([patch_id]) => patch_id)) },
    { refused: LIST(VARCHAR) },
  );
  return { inserted: result.rowsChanged, refused };
}

async function stage(connection: DuckDBConnection, table: string, batch: ColumnBatch, heap: ByteHeap): Promise<void> {
  await connection.run(`TRUNCATE ${table}`);
  const appender = await connection.createAppender(table, "main", "temp");
  try {
    append_vectors(batch, heap, (chunk) => appender.appendDataChunk(chunk));
  } finally {
    appender.closeSync();
  }
}
