UPDATE wal_state SET highest_key = ?1, queued_bytes = queued_bytes + ?2
