-- A segment's state patches, by span.
COPY (
  WITH input AS (/*patches*/)
  SELECT * FROM input ORDER BY trace_id, span_id, patch_id
) TO /*path*/ (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 3, ROW_GROUP_SIZE /*rows*/);
