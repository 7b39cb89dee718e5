import type { Ulid } from "../wal/index.ts";

/** The ports that are really bound, also where 0 was asked for. */
export type IngestPorts = { otlp_grpc: number; otlp_http: number; read_spans: number };

/** What the ingesting half tells whoever started it. */
export type IngestHooks = {
  /** The queue has something new. Called once a commit. */
  readonly on_appended: () => void;
  /** The Worker ended without being asked to. Nothing that was acknowledged is lost; nothing more is received. */
  readonly on_failed: (error: Error) => void;
};

/** The running half that receives and queues. Disposing answers what is in flight and closes the queue, in 3 s at most. */
export interface IngestHalf extends AsyncDisposable {
  readonly ports: IngestPorts;

  /** What the queue holds up to this key is stored elsewhere for good: its space may be given back. */
  trim(through: Ulid): void;

  /** Reads keys and certificates again. */
  reload(): void;

  /** Prometheus text. */
  render_metrics(): Promise<string>;
}
