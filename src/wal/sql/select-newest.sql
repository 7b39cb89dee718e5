SELECT first_key, span_count, checksum, body FROM wal ORDER BY first_key DESC
