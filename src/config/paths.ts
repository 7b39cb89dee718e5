import { join } from "node:path";

type DataDir = { data_dir: string };

/** Where the queue's files are kept. */
export const queue_directory = ({ data_dir }: DataDir): string => join(data_dir, "wal");

/** Where the poller's cursors are kept. */
export const cursor_path = ({ data_dir }: DataDir): string => join(data_dir, "poller.sqlite");
