INSERT INTO segments
VALUES (
  $segment_id, $span_count, $patch_count, $file_bytes,
  make_timestamptz($min_start_us::BIGINT), make_timestamptz($max_start_us::BIGINT),
  from_json($services, '["VARCHAR"]'), $sealed_at::TIMESTAMPTZ, $manifest
);
