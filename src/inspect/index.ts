/**
 * What commands do with stored data, beside a running server or without one: `verify` checks them, `export_rows` writes
 * them elsewhere, `answer_sql` answers a question, `count_masked` says what masking would do.
 *
 * The server only promises that files stay while they are read (see backup); they are read by DuckDB in this process, in
 * bounded memory. All reject with InspectError, BackupError or StoreError, whose messages are one line.
 */
export { count_masked, type MaskedCounts } from "./count-masked.ts";
export { InspectError, type InspectErrorCode } from "./error.ts";
export { export_rows, type ExportOptions } from "./export.ts";
export { answer_sql } from "./sql.ts";
export { verify } from "./verify.ts";
