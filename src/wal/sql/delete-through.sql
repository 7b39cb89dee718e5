DELETE FROM wal WHERE first_key <= ?1
