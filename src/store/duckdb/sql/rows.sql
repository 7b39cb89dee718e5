-- The payload, only of the rows that are returned. A rowid names the same row for as long as nothing is deleted. The
-- bounds let whole row groups be passed over, and the ids stand here as numbers: as a parameter they are joined to a
-- scan of the table, which took 8 times as long for 5 rows of 400,000.
SELECT rowid, /*row_json*/ FROM spans
WHERE rowid BETWEEN $lowest AND $highest AND rowid IN (/*row_ids*/);
