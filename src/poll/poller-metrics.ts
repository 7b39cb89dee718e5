import type { Metrics } from "../observe/index.ts";

export const create_poller_metrics = (metrics: Metrics) => ({
  spans: metrics.counter("stored_spans_total", "Spans that were new to the store"),
  duplicate_spans: metrics.counter("duplicate_spans_total", "Spans that the store had already"),
  started_spans: metrics.counter("started_spans_total", "Records that a span has started, which wait for its end"),
  patches: metrics.counter("stored_state_patches_total", "State patches that were new to the store"),
  dead_letters: metrics.counter("dead_letters_total", "Records that could not be decoded and are kept in dead_letters"),
  errors: metrics.counter("poll_errors_total", "Attempts to read or store a batch that failed"),
  append_seconds: metrics.histogram("store_append_seconds", "Time until a batch could be asked for"),
  position_seconds: metrics.gauge("stored_until_timestamp_seconds", "When the newest stored span was accepted"),
});
