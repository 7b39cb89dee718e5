-- The body is left where it is when the entry is larger than the caller wants.
SELECT first_key, span_count, checksum, CASE WHEN span_count <= ?2 AND length(body) <= ?3 THEN body END AS body
FROM wal
WHERE first_key >= ?1
ORDER BY first_key
LIMIT 1
