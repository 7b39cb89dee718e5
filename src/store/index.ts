/** Where spans stay: the interface that everything above knows, and the DuckDB store behind it. */
export {
  StoreError,
  type AppendResult,
  type DeadLetter,
  type PageRange,
  type SourcePosition,
  type SpanPage,
  type SpanStore,
  type StoreErrorCode,
} from "./types.ts";
export { open_store } from "./duckdb/store.ts";
export type { DatabaseOptions } from "./duckdb/database.ts";
export { lock_store_file } from "./duckdb/lock.ts";
