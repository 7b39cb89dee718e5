import type { SegmentManifest } from "./manifest.ts";

/** What a segment's files hold, once they are written and durable. */
export type WrittenRows = Pick<
  SegmentManifest,
  "span_count" | "patch_count" | "trace_count" | "min_start_us" | "max_start_us" | "services" | "files"
>;
