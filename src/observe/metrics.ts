import { Counter, Gauge, Histogram, Registry } from "prom-client";

/**
 * The metrics of one half of the server. Names start with `junjo_traces_`, units last.
 *
 * Each half has a Metrics of its own, so that the Worker's can be rendered there and joined as text.
 */
export type Metrics = {
  counter<L extends string = never>(name: string, help: string, labels?: readonly L[]): Counter<L>;
  /** `read`, if given, is asked for the value each time it is rendered. */
  gauge<L extends string = never>(name: string, help: string, labels?: readonly L[], read?: () => number): Gauge<L>;
  /** Upper bounds in seconds unless told otherwise. */
  histogram<L extends string = never>(
    name: string,
    help: string,
    labels?: readonly L[],
    buckets?: number[],
  ): Histogram<L>;
  /** Prometheus text format. */
  render(): Promise<string>;
};

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function create_metrics(): Metrics {
  const registry = new Registry();
  const base = <L extends string>(name: string, help: string, labels: readonly L[]) => ({
    name: `junjo_traces_${name}`,
    help,
    labelNames: labels,
    registers: [registry],
  });
  return {
    counter: (name, help, labels = []) => new Counter(base(name, help, labels)),
    gauge: (name, help, labels = [], read) =>
      new Gauge({
        ...base(name, help, labels),
        ...(read && {
          collect() {
            this.set(read());
          },
        }),
      }),
    histogram: (name, help, labels = [], buckets = SECONDS) => new Histogram({ ...base(name, help, labels), buckets }),
    render: () => registry.metrics(),
  };
}
