-- Names begin with a letter, so that one is never another key's id.
UPDATE api_keys SET revoked_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
WHERE revoked_at IS NULL AND (name = $key OR CAST(id AS TEXT) = $key)
RETURNING *
