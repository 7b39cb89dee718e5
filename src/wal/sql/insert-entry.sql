INSERT INTO wal (first_key, span_count, body, checksum) VALUES (?1, ?2, ?3, ?4)
