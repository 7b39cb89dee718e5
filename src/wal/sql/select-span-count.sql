SELECT span_count FROM wal WHERE first_key = ?1
