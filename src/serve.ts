import type { Config } from "./config/index.ts";

/** What runs, and how it ends. `stop` resolves when everything is closed, within SHUTDOWN_MS_MAX. */
export type Running = { stop(): Promise<void> };

/** Everything in one process: receivers and queue (or a remote ingestion service), store, API. Resolves when ready. */
export async function serve(_config: Config): Promise<Running> {
  throw new Error("under construction");
}

/** The ingestion half alone: receivers, queue, ReadSpans. Resolves when ready. */
export async function ingest(_config: Config): Promise<Running> {
  throw new Error("under construction");
}
