UPDATE wal_state SET highest_key = max(highest_key, ?1)
