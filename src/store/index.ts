/**
 * Where spans stay: the interface that everything above knows, what those who copy or read files ask besides, and the DuckDB
 * store behind both.
 */
export {
  StoreError,
  type AppendResult,
  type DeadLetter,
  type Dependency,
  type FileBackedStore,
  type FoundTrace,
  type ListKind,
  type Operation,
  type PageRange,
  type PendingRange,
  type PendingSpan,
  type RootFigures,
  type RowKey,
  type SearchRange,
  type SegmentLease,
  type ServiceActivity,
  type SourcePosition,
  type SpanCounts,
  type SpanFacts,
  type SpanPage,
  type SpanStore,
  type SqlAnswer,
  type StatePatch,
  type StoreErrorCode,
  type TailEvent,
  type TimeParts,
  type TraceKey,
  type TracePage,
  type TraceSummary,
} from "./types.ts";
export { summary_of } from "./trace-summary.ts";
export { open_store } from "./duckdb/store.ts";
export type { SessionOptions as StoreOptions } from "./duckdb/session.ts";
export { lock_store_file } from "./duckdb/lock.ts";
export type { LeasedOptions } from "./duckdb/leased/leased-database.ts";
export type { Fault, Verification } from "./duckdb/verify/types.ts";
export { verify_leased, verify_store } from "./duckdb/verify/verify.ts";
export { LeasedRows, type SpanWithPatches } from "./duckdb/leased/leased-rows.ts";
export type { RowFilter } from "./duckdb/leased/row-filter.ts";
