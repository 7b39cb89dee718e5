import { dirname, join } from "node:path";

type DataDir = { data_dir: string };

/** Where the queue's files are kept. */
export const queue_directory = ({ data_dir }: DataDir): string => join(data_dir, "wal");

/** Where the poller's cursors are kept. */
export const cursor_path = ({ data_dir }: DataDir): string => join(data_dir, "poller.sqlite");

/** Where the segments of a DuckDB file lie: beside it. */
export const segments_directory = (db_duckdb_path: string): string => join(dirname(db_duckdb_path), "segments");
