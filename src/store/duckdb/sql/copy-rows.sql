-- Rows for whoever reads Parquet. Row groups are smaller than DuckDB's own, which are kept in memory until they are whole.
COPY (/*rows*/) TO /*path*/ (
  FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 20480, ROW_GROUP_SIZE_BYTES '64MB', WRITE_BLOOM_FILTER false
);
