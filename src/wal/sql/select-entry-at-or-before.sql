SELECT first_key, span_count
FROM wal
WHERE first_key <= ?1
ORDER BY first_key DESC
LIMIT 1
