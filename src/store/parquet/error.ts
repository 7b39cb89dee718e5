/** A file is not Parquet, or not as DuckDB writes it for us. */
export class ParquetError extends Error {
  override readonly name = "ParquetError";
}
