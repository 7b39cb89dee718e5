-- Spans and patches lie in segments: a directory of Parquet files each, beside this file in segments/. What is here says
-- which of them count: one that is not in this table is a leftover, or not finished.
CREATE TABLE segments (
  -- A UUID of version 7, which is the name of its directory.
  segment_id VARCHAR PRIMARY KEY,
  span_count BIGINT NOT NULL,
  patch_count BIGINT NOT NULL,
  file_bytes BIGINT NOT NULL,
  min_start_time TIMESTAMPTZ NOT NULL,
  max_start_time TIMESTAMPTZ NOT NULL,
  services VARCHAR[] NOT NULL,
  sealed_at TIMESTAMPTZ NOT NULL,
  -- The text of its segment.json: all of the above in full, with what each service has and the checksums of the files.
  manifest JSON NOT NULL
);

-- Traces with an LLM span that have rows in more than one segment. Of the others the segment knows it.
CREATE TABLE straddling_llm_traces (
  trace_id VARCHAR PRIMARY KEY
);
