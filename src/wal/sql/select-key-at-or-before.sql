-- Answered by the index alone, which may be readable where the table is not.
SELECT first_key
FROM wal
WHERE first_key <= ?1
ORDER BY first_key DESC
LIMIT 1
