/**
 * From a source of accepted spans into the store, for ever.
 *
 * `start_poller` reads whole batches, decodes them, and hands rows and position to the store in one transaction; the
 * cursor moves after that. It stops only when told to: on an error it keeps its place, backs off and tries again, and a
 * record that can't be a row is kept in dead_letters while the rest goes on.
 */
export { backoff_ms, pause } from "./backoff.ts";
export { CursorFile } from "./cursor-file.ts";
export { open_queue_source, QUEUE_SOURCE, type QueueSource } from "./queue-source.ts";
export { type Poller, type PollerOptions, drain_source, start_poller } from "./poller.ts";
export { open_remote_source, type RemoteSourceOptions } from "./remote-source.ts";
export { PollError, type PollErrorCode, type SpanBatch, type SpanRecord, type SpanSource } from "./types.ts";
