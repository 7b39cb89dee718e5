-- Where a batch is written as whole vectors before it meets the keys. Temporary: never on disk, one per connection.
CREATE OR REPLACE TEMP TABLE staged_spans AS FROM spans LIMIT 0;
CREATE OR REPLACE TEMP TABLE staged_patches AS FROM state_patches LIMIT 0;
