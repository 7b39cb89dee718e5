-- The durable queue. One row is one accepted request: a serialized ExportTraceServiceRequest of span_count spans, which
-- have the consecutive keys from first_key on. checksum is the CRC-32 of first_key and body, seeded with span_count; it is
-- null in rows of releases that made none.
CREATE TABLE IF NOT EXISTS wal (
  first_key BLOB PRIMARY KEY,
  span_count INTEGER NOT NULL,
  body BLOB NOT NULL,
  checksum INTEGER
);

-- What must outlive the rows: keys go on rising after everything was trimmed. queued_bytes is the sum of the bodies'
-- lengths, kept up with each change, so that opening a large queue takes no scan.
CREATE TABLE IF NOT EXISTS wal_state (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  highest_key BLOB NOT NULL,
  queued_bytes INTEGER NOT NULL
);

INSERT OR IGNORE INTO wal_state (id, highest_key, queued_bytes) VALUES (1, zeroblob(16), 0);
