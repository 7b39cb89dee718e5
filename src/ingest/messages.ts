import type { Config } from "../config/index.ts";
import type { Ulid } from "../wal/index.ts";
import type { IngestPorts } from "./types.ts";

// What the Worker and the thread that started it say to each other.

export type ToWorker =
  | { kind: "start"; config: Config; keys_above: Ulid | null }
  | { kind: "trim"; through: Ulid }
  | { kind: "reload" }
  /** Answered by `metrics`, in the order of asking. */
  | { kind: "render_metrics" }
  | { kind: "stop" };

export type FromWorker =
  | { kind: "ready"; ports: IngestPorts }
  | { kind: "start_failed"; message: string }
  | { kind: "appended" }
  | { kind: "metrics"; text: string }
  | { kind: "stopped" };
