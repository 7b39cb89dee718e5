/**
 * From rows back to OTLP: what src/decode does, inverted.
 *
 * A RequestWriter makes ExportTraceServiceRequests in OTLP's JSON of rows of `spans`, with what state patches tell of them.
 * Sent to an empty server they become the same rows of `spans` and `state_patches`, to the letter, but for what the rows do
 * not tell: docs/operations.md has the list. `with_moved_attributes` and `all_attributes` show the attributes that were sent;
 * `members` and `elements` are parts of a row's JSON, digit for digit.
 */
export { elements, members } from "./json-parts.ts";
export { RequestWriter } from "./request.ts";
export { all_attributes, with_moved_attributes } from "./row-text.ts";
export type { PatchFacts, SpanRow } from "./types.ts";
