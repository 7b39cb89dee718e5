export const SPANS_FILE = "spans.parquet";
export const PATCHES_FILE = "state_patches.parquet";
export const FILTER_FILE = "filter.bin";
/** Where the rows are. A segment that DuckDB has written has none. */
export const ROWS_FILE = "rows.bin";
export const MANIFEST_FILE = "segment.json";
