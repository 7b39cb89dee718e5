INSERT OR IGNORE INTO dead_letters (source, key, reason, body) VALUES ($source, $key, $reason, $body);
