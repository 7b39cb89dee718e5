INSERT INTO source_positions (source, last_key) VALUES ($source, $last_key)
ON CONFLICT (source) DO UPDATE SET last_key = excluded.last_key;
