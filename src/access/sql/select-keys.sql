SELECT id, name, digest, may_ingest, may_read, created_at, revoked_at FROM api_keys ORDER BY id
