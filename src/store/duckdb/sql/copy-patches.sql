-- A segment's state patches, by span.
COPY (
  WITH input AS (/*patches*/)
  SELECT * FROM input ORDER BY trace_id, span_id, patch_id
) TO /*path*/ (/*options*/);
