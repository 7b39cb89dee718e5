INSERT INTO api_keys (name, digest, may_ingest, may_read)
-- Without a name it is called by its number.
VALUES (coalesce($name, 'key-' || (SELECT coalesce(max(id), 0) + 1 FROM api_keys)), $digest, $may_ingest, $may_read)
RETURNING *
