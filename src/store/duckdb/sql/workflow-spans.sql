SELECT rowid FROM spans
WHERE service_name = $service_name AND junjo_span_type = 'workflow'
ORDER BY start_time DESC, trace_id, span_id
LIMIT $limit OFFSET $offset;
