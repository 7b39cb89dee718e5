SELECT rowid FROM spans
WHERE service_name = $service_name AND parent_span_id IS NULL
ORDER BY start_time DESC, trace_id, span_id
LIMIT $limit OFFSET $offset;
