-- Staged patches whose span is neither staged nor stored. Nearly all come with their span, so the first, cheap join
-- leaves next to nothing for the second.
WITH unaccompanied AS (
  SELECT patch_id, trace_id, span_id FROM staged_patches
  ANTI JOIN staged_spans USING (trace_id, span_id)
)
SELECT patch_id, trace_id, span_id FROM unaccompanied
ANTI JOIN (
  SELECT trace_id, span_id FROM spans WHERE trace_id IN (SELECT trace_id FROM unaccompanied)
) USING (trace_id, span_id)
ORDER BY patch_id;
