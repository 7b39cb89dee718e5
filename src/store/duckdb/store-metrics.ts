import type { Metrics } from "../../observe/index.ts";

export type StoreMetrics = ReturnType<typeof create_store_metrics>;

/** What the tiers hold, as far as it is known. */
export type TierFigures = {
  hot_spans: number;
  hot_bytes: number;
  segments: number;
  segment_bytes: number;
  pending_spans: number;
};

export function create_store_metrics(metrics: Metrics, figures: () => TierFigures) {
  metrics.gauge("store_hot_spans", "Spans in memory, not in segments yet", [], () => figures().hot_spans);
  metrics.gauge("store_hot_bytes", "What they take there", [], () => figures().hot_bytes);
  metrics.gauge("store_segments", "Segments on disk", [], () => figures().segments);
  metrics.gauge("store_segment_bytes", "What they take there", [], () => figures().segment_bytes);
  metrics.gauge("store_pending_spans", "Spans that have started and not ended", [], () => figures().pending_spans);
  return {
    seal_seconds: metrics.histogram("store_seal_seconds", "Time that writing a segment of the hot rows took"),
    seal_failures: metrics.counter("store_seal_failures_total", "Attempts to write a segment that failed"),
    merged_segments: metrics.counter("store_merged_segments_total", "Segments that became part of larger ones"),
    given_up_pending_spans: metrics.counter(
      "store_given_up_pending_spans_total",
      "Spans that had not ended and were given up, because they took too much memory",
    ),
    retired_spans: metrics.counter("store_retired_spans_total", "Spans removed for their age or the size of all"),
  };
}
