import { DuckDBTimestampTZValue, type DuckDBConnection } from "@duckdb/node-api";
import { sql_list } from "../row-source.ts";
import put_pending_sql from "../sql/put-pending-span.sql" with { type: "text" };
import type { PendingChanges } from "./pending-spans.ts";
import type { StartedSpan } from "./started-spans.ts";

/** What the table `pending_spans` has. */
export async function read_pending_spans(connection: DuckDBConnection): Promise<StartedSpan[]> {
  const found = await connection.runAndReadAll(
    "SELECT trace_id, span_id, parent_span_id, service_name, start_time, span FROM pending_spans ORDER BY start_time",
  );
  return found.getRows().map(([trace_id, span_id, parent_span_id, service_name, start_time, span]) => ({
    trace_id: String(trace_id),
    span_id: String(span_id),
    parent_span_id: parent_span_id === null ? null : String(parent_span_id),
    service_name: String(service_name),
    start_us: start_time instanceof DuckDBTimestampTZValue ? start_time.micros : 0n,
    json: String(span),
  }));
}

/** Brings the table to what `changes` says, as a part of the caller's transaction. */
export async function write_pending_spans(connection: DuckDBConnection, changes: PendingChanges): Promise<void> {
  if (changes.size === 0) return;
  await connection.run(`DELETE FROM pending_spans WHERE trace_id || span_id IN (${sql_list(changes.keys())})`);
  for (const span of changes.values()) {
    if (span === null) continue;
    const { trace_id, span_id, parent_span_id, service_name, start_us, json } = span;
    await connection.run(put_pending_sql, { trace_id, span_id, parent_span_id, service_name, start_us, json });
  }
}
