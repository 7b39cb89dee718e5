-- How far each source has been read. The store holds the same in the transaction of the rows, which is what counts in a
-- crash; this one is there for people and for noticing that a store has lost rows.
CREATE TABLE IF NOT EXISTS poller_state (
  id INTEGER PRIMARY KEY,
  last_key BLOB
);

-- Which source an id of poller_state stands for.
CREATE TABLE IF NOT EXISTS poller_sources (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE
);
