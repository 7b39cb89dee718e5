/**
 * Parquet files, written fast, and some rows of them read fast (https://parquet.apache.org/docs/file-format/).
 *
 * DuckDB takes about 0.1 ms a column to get one row out of a file, besides 2 ms to plan that. For a trace or a page, of
 * which we know where it lies, `ParquetFile` reads the bytes of a row group at once and takes the cells out of them. It
 * knows what DuckDB and `ParquetWriter` write for us and nothing else: version 1 pages, plain and dictionary encoding,
 * zstd.
 *
 * To take rows in and write them sorted, DuckDB takes 15 µs a span; `ParquetWriter` writes the decoder's columns as they
 * are, in 6. What it writes, any reader of Parquet reads.
 */
export { ParquetError } from "./error.ts";
export { cell_text } from "./cell-text.ts";
export type { Cell } from "./types.ts";
export { PageCache } from "./page-cache.ts";
export { ParquetFile } from "./parquet-file.ts";
export { type ColumnCursor, ParquetScan } from "./parquet-scan.ts";
export { ByteSink } from "./write/byte-sink.ts";
export { ParquetWriter } from "./write/parquet-writer.ts";
export type { ColumnCells, NumberCells, Slice, Slices, TextCells, WrittenColumn } from "./write/types.ts";
