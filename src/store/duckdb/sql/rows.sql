-- The payload, only of the rows that are returned. A rowid names the same row for as long as nothing is deleted.
SELECT rowid, /*row_json*/ FROM spans WHERE rowid IN (SELECT unnest($row_ids::BIGINT[]));
