SELECT rowid FROM spans WHERE trace_id = $trace_id AND span_id = $span_id;
