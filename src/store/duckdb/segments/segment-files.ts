// The files of a segment's directory.
export const SPANS_FILE = "spans.parquet";
export const PATCHES_FILE = "state_patches.parquet";
export const FILTER_FILE = "filter.bin";
export const MANIFEST_FILE = "segment.json";
