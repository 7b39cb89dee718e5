/** From OTLP bytes to columns. */
export {
  PATCH_COLUMNS,
  SPAN_COLUMNS,
  type Column,
  type ColumnKind,
  type PatchColumnName,
  type SpanColumnName,
} from "./columns.ts";
export type DecodedBatch = unknown;
