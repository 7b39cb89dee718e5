-- What is kept. A change of it is a new file with the next number; this one only ever creates what is missing.

CREATE TABLE IF NOT EXISTS spans (
  trace_id VARCHAR(32) NOT NULL,
  span_id VARCHAR(16) NOT NULL,
  parent_span_id VARCHAR(16),
  service_name VARCHAR NOT NULL,
  name VARCHAR,
  kind VARCHAR,
  start_time TIMESTAMPTZ NOT NULL,
  end_time TIMESTAMPTZ NOT NULL,
  status_code VARCHAR,
  status_message VARCHAR,
  attributes_json JSON,
  events_json JSON,
  links_json JSON,
  trace_flags INTEGER,
  trace_state VARCHAR,
  junjo_id VARCHAR,
  junjo_parent_id VARCHAR,
  junjo_span_type VARCHAR,
  junjo_wf_state_start JSON,
  junjo_wf_state_end JSON,
  junjo_wf_graph_structure JSON,
  junjo_wf_store_id VARCHAR,
  -- What OTLP carries and the columns above have no place for.
  start_time_nanosecond INTEGER,
  end_time_nanosecond INTEGER,
  dropped_attributes_count UINTEGER,
  dropped_events_count UINTEGER,
  dropped_links_count UINTEGER,
  resource_attributes_json JSON,
  resource_dropped_attributes_count UINTEGER,
  resource_entity_refs_json JSON,
  resource_schema_url VARCHAR,
  scope_name VARCHAR,
  scope_version VARCHAR,
  scope_attributes_json JSON,
  scope_dropped_attributes_count UINTEGER,
  scope_schema_url VARCHAR,
  -- Known at decode, since asking attributes_json takes a scan of all of it.
  is_llm BOOLEAN,
  PRIMARY KEY (trace_id, span_id)
);

CREATE INDEX IF NOT EXISTS spans_trace_id ON spans (trace_id);
CREATE INDEX IF NOT EXISTS spans_parent_span_id ON spans (parent_span_id);
CREATE INDEX IF NOT EXISTS spans_start_time ON spans (start_time);
CREATE INDEX IF NOT EXISTS spans_end_time ON spans (end_time);
CREATE INDEX IF NOT EXISTS spans_junjo_id ON spans (junjo_id);
CREATE INDEX IF NOT EXISTS spans_junjo_span_type ON spans (junjo_span_type);

CREATE TABLE IF NOT EXISTS state_patches (
  patch_id VARCHAR PRIMARY KEY,
  service_name VARCHAR NOT NULL,
  trace_id VARCHAR(32) NOT NULL,
  span_id VARCHAR(16) NOT NULL,
  workflow_id VARCHAR NOT NULL,
  node_id VARCHAR NOT NULL,
  event_time TIMESTAMPTZ NOT NULL,
  patch_json JSON NOT NULL,
  patch_store_id VARCHAR NOT NULL,
  FOREIGN KEY (trace_id, span_id) REFERENCES spans (trace_id, span_id)
);

CREATE INDEX IF NOT EXISTS state_patches_span ON state_patches (trace_id, span_id);
CREATE INDEX IF NOT EXISTS state_patches_workflow_id ON state_patches (workflow_id);
CREATE INDEX IF NOT EXISTS state_patches_node_id ON state_patches (node_id);
CREATE INDEX IF NOT EXISTS state_patches_event_time ON state_patches (event_time);

-- How far each source has been read: written in the transaction that holds the rows.
CREATE TABLE IF NOT EXISTS source_positions (
  source VARCHAR PRIMARY KEY,
  last_key BLOB NOT NULL
);

-- Records that could not be decoded, whole.
CREATE TABLE IF NOT EXISTS dead_letters (
  source VARCHAR NOT NULL,
  key BLOB NOT NULL,
  reason VARCHAR NOT NULL,
  body BLOB NOT NULL,
  received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (source, key)
);
