/**
 * The ingesting half of the server: receivers, queue and ReadSpans, in this thread or in a Worker of their own.
 *
 * It needs nothing of the other half. What is acknowledged is on disk in the queue at `queue_directory`, for whoever reads it.
 */
export { type IngestThread, spawn_ingest_thread } from "./in-worker.ts";
export { go_behind_ingest } from "./priority.ts";
export { start_ingest } from "./start.ts";
export type { IngestHalf, IngestHooks, IngestPorts } from "./types.ts";
