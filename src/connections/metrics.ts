import type { Metrics } from "../observe/index.ts";

/** What one listener tells of its connections. */
export type ListenerMetrics = { set_open(count: number): void; add_refused(count: number): void };

/** The connections of one half of the server, by listener. */
export class ConnectionMetrics {
  private readonly open;
  private readonly refused;

  constructor(metrics: Metrics, half: "receive" | "http") {
    const labels = ["listener"] as const;
    this.open = metrics.gauge(`${half}_open_connections`, "Connections that are open", labels);
    this.refused = metrics.counter(
      `${half}_refused_connections_total`,
      "Connections closed because there were too many",
      labels,
    );
  }

  of(listener: string): ListenerMetrics {
    const labels = { listener };
    this.refused.inc(labels, 0);
    this.open.set(labels, 0);
    return {
      set_open: (count) => this.open.set(labels, count),
      add_refused: (count) => this.refused.inc(labels, count),
    };
  }
}
