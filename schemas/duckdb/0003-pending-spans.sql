-- Spans that have started and not ended, as far as anybody has said. A row goes when its span's end is stored. Without a key:
-- rows are held once by the program, and DuckDB does not like to delete and insert one key in a transaction.
CREATE TABLE pending_spans (
  trace_id VARCHAR NOT NULL,
  span_id VARCHAR NOT NULL,
  parent_span_id VARCHAR,
  service_name VARCHAR NOT NULL,
  start_time TIMESTAMPTZ NOT NULL,
  -- As the API gives it: all columns of `spans`, end_time null.
  span JSON NOT NULL
);
