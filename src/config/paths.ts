import { join } from "node:path";

type DataDir = { data_dir: string };

/** Where the queue is kept. */
export const queue_path = ({ data_dir }: DataDir): string => join(data_dir, "wal", "queue.sqlite");

/** Where the poller's cursors are kept. */
export const cursor_path = ({ data_dir }: DataDir): string => join(data_dir, "poller.sqlite");
