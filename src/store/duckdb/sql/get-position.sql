SELECT last_key FROM source_positions WHERE source = $source;
