/**
 * How many connections a listener may have open, so that no flood of idle or slow ones takes the file handles that the
 * queue and DuckDB need.
 *
 * At the limit the newest are closed before they are answered, which clients take for a failed connection and try again;
 * the others go on. `bound_connections` keeps it for a port of Bun's servers, `connections_max` says how many there may
 * be in a process with the file handles that this one has, and `ConnectionMetrics` counts.
 */
export { bound_connections, type BoundOptions } from "./bound.ts";
export { connections_max } from "./handles.ts";
export { ConnectionMetrics, type ListenerMetrics } from "./metrics.ts";
