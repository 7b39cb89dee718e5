INSERT OR IGNORE INTO spans SELECT * FROM staged_spans;
