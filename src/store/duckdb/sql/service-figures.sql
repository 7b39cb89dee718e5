-- What each service has in a segment.
SELECT
  service_name,
  count(*) AS span_count,
  count(*) FILTER (parent_span_id IS NULL) AS root_count,
  count(*) FILTER (parent_span_id IS NULL AND trace_has_llm) AS llm_root_count,
  count(*) FILTER (junjo_span_type = 'workflow') AS workflow_count,
  epoch_us(min(start_time) FILTER (is_listed))::VARCHAR AS min_listed_us,
  epoch_us(max(start_time) FILTER (is_listed))::VARCHAR AS max_listed_us,
  epoch_us(min(start_time))::VARCHAR AS min_start_us,
  epoch_us(max(start_time))::VARCHAR AS max_start_us
FROM /*spans*/
GROUP BY service_name
ORDER BY service_name;
