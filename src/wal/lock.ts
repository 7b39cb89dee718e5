import { Database } from "bun:sqlite";
import { WalError } from "./types.ts";

/**
 * Keeps everyone else from opening the queue at `queue_path` for writing. Throws WalError `in_use`.
 *
 * The lock is an open transaction on an empty database beside the queue: the system lets go of it when the process
 * ends, by kill -9 too, and readers of the queue itself are not in its way.
 */
export function lock_queue(queue_path: string): Disposable {
  const lock = new Database(`${queue_path}.lock`);
  try {
    lock.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    throw new WalError("in_use", `another process has the queue ${queue_path} open`, { cause });
  }
  return { [Symbol.dispose]: () => lock.close() };
}
