-- A segment's spans. First what lists ask for, the roots and workflows, as lists want it; then the rest by trace, so that
-- each trace is in one place. Row groups are small: whoever asks for one trace or one page reads one or two of them.
COPY (
  -- Read twice: kept once, all of its payload would be in memory once more.
  WITH input AS NOT MATERIALIZED (/*spans*/),
  llm_traces AS (SELECT DISTINCT trace_id FROM input WHERE is_llm)
  SELECT
    input.*,
    NULL::VARCHAR AS sent_workflow_id,
    NULL::VARCHAR AS sent_node_id,
    0::UINTEGER AS derived_patch_count,
    parent_span_id IS NULL OR coalesce(junjo_span_type = 'workflow', false) AS is_listed,
    llm_traces.trace_id IS NOT NULL AS trace_has_llm
  FROM input LEFT JOIN llm_traces USING (trace_id)
  ORDER BY
    is_listed DESC,
    CASE WHEN is_listed THEN service_name END,
    CASE WHEN is_listed THEN start_time END DESC,
    trace_id,
    start_time DESC,
    span_id
) TO /*path*/ (/*options*/);
