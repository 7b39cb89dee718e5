/**
 * From OTLP bytes to columns.
 *
 * A DecodedBatch takes serialized ExportTraceServiceRequests (opentelemetry-proto v1.11) and holds their spans and
 * state patches as the columns of ALL_SPAN_COLUMNS and PATCH_COLUMNS, text in one heap of bytes. Nothing is left out:
 * all seven kinds of attribute values at any depth up to ATTRIBUTE_DEPTH_MAX, int64 with every digit, and text that is
 * not UTF-8 repaired with U+FFFD. What can't be a row is a DecodeError that says what and where.
 */
export { DecodedBatch } from "./batch.ts";
export { type ColumnBatch, column_indexes, FIXED_CELLS } from "./column-batch.ts";
export {
  ALL_SPAN_COLUMNS,
  type Column,
  type ColumnKind,
  INTERNAL_SPAN_COLUMNS,
  PATCH_COLUMNS,
  type PatchColumnName,
  SPAN_COLUMNS,
  type SpanColumnName,
} from "./columns.ts";
export { DecodeError, type DecodeErrorCode } from "./error.ts";
export { iso_time_text, iso_time_us } from "./iso-time.ts";
export type { ByteHeap } from "./heap.ts";
