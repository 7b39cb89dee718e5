INSERT INTO wal (first_key, span_count, body) VALUES (?1, ?2, ?3)
