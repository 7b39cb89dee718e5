-- A segment's spans, each with what is known of it that its row does not tell: a JSON object, or null. Those of its state
-- patches that are rows of their own are in the same segment.
WITH facts AS (
  SELECT
    trace_id,
    span_id,
    any_value(workflow_id) AS workflow_id,
    any_value(node_id) AS node_id,
    list({
      'index': split_part(patch_id, ':', 3)::INTEGER,
      'store_id': patch_store_id,
      'is_string': starts_with(patch_json::VARCHAR, '"')
    }) AS patches
  FROM /*patches*/
  GROUP BY trace_id, span_id
)
SELECT
  /*cells*/,
  CASE WHEN coalesce(/*workflow_id*/, /*node_id*/, facts.trace_id) IS NOT NULL THEN
    to_json({
      'workflow_id': coalesce(/*workflow_id*/, facts.workflow_id),
      'node_id': coalesce(/*node_id*/, facts.node_id),
      'patches': coalesce(facts.patches, [])
    })::VARCHAR
  END
FROM (SELECT * FROM /*spans*/ /*where*/) AS spans LEFT JOIN facts USING (trace_id, span_id);
