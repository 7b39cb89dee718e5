UPDATE wal_state SET queued_bytes = queued_bytes - ?1
