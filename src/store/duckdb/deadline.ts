import type { DuckDBConnection } from "@duckdb/node-api";
import { StoreError } from "../types.ts";

const INTERRUPT_PAUSE_MS = 50;

/** What the connection, which is `work`'s alone, does is broken off after that long: then it rejects with `timeout`. */
export async function within_deadline<Result>(
  connection: DuckDBConnection,
  ms_max: number,
  work: () => Promise<Result>,
): Promise<Result> {
  using interrupting = new DisposableStack();
  let is_late = false;
  const deadline = setTimeout(() => {
    is_late = true;
    interrupting.use(interrupt_until_disposed(connection));
  }, ms_max);
  try {
    return await work();
  } catch (error) {
    if (!is_late) throw error;
    throw timeout(ms_max, error);
  } finally {
    clearTimeout(deadline);
  }
}

/** What it gives throws `timeout` once that long has passed: for work that is not DuckDB's, to be called on the way. */
export function time_limit(ms_max: number): () => void {
  const deadline_ms = performance.now() + ms_max;
  return () => {
    if (performance.now() > deadline_ms) throw timeout(ms_max);
  };
}

const timeout = (ms_max: number, cause?: unknown): StoreError =>
  new StoreError("timeout", `the question took longer than ${ms_max} ms`, { cause });

/** Breaks off what the connection does, again and again: between two statements there is nothing to break off. */
export function interrupt_until_disposed(connection: DuckDBConnection): Disposable {
  connection.interrupt();
  const interval = setInterval(() => connection.interrupt(), INTERRUPT_PAUSE_MS);
  return { [Symbol.dispose]: () => clearInterval(interval) };
}
