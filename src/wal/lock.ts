import { Database } from "bun:sqlite";
import { join } from "node:path";
import { WalError } from "./types.ts";

const LOCK_NAME = "lock";

/**
 * Keeps everyone else from opening the queue in `directory` for writing. Throws WalError `in_use`.
 *
 * The lock is an open transaction on an empty database beside the queue: the system lets go of it when the process
 * ends, by kill -9 too, and readers of the queue itself are not in its way.
 */
export function lock_queue(directory: string, name = LOCK_NAME): Disposable {
  const lock = new Database(join(directory, name));
  try {
    lock.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw new WalError("in_use", `another process has the queue ${directory} open`, { cause });
  }
  return { [Symbol.dispose]: () => lock.close() };
}
