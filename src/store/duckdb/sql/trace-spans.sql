SELECT rowid FROM spans
WHERE trace_id = $trace_id
ORDER BY start_time DESC, trace_id, span_id
LIMIT $limit OFFSET $offset;
