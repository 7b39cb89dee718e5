INSERT INTO pending_spans (trace_id, span_id, parent_span_id, service_name, start_time, span)
VALUES ($trace_id, $span_id, $parent_span_id, $service_name, make_timestamptz($start_us::BIGINT), $json);
