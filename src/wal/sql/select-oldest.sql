SELECT first_key, span_count, length(body) AS body_bytes
FROM wal
WHERE first_key <= ?1
ORDER BY first_key
LIMIT ?2
