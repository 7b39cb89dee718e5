-- A segment's spans, each with what its state patches tell: a JSON object, or null. They are in the same segment.
WITH facts AS (
  SELECT
    trace_id,
    span_id,
    to_json({
      'workflow_id': any_value(workflow_id),
      'node_id': any_value(node_id),
      'patches': list({
        'index': split_part(patch_id, ':', 3)::INTEGER,
        'store_id': patch_store_id,
        'is_string': starts_with(patch_json::VARCHAR, '"')
      })
    })::VARCHAR AS facts
  FROM /*patches*/
  GROUP BY trace_id, span_id
)
SELECT /*cells*/, facts.facts
FROM (SELECT * FROM /*spans*/ /*where*/) AS spans LEFT JOIN facts USING (trace_id, span_id);
