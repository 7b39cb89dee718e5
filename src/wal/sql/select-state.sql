SELECT highest_key, queued_bytes FROM wal_state
