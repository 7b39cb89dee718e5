/**
 * The language in which spans are searched for, and what a filter says once it is read.
 *
 * `parse_filter` reads one, `complete_filter` says how one that is being typed can go on. Nothing here knows how a store
 * finds spans, and all of it runs in a browser too.
 */
export { type Completion, type Completions, complete_filter } from "./complete.ts";
export { FilterError } from "./error.ts";
export { parse_filter } from "./parse.ts";
export {
  type AttributeField,
  type Comparison,
  type FilterValue,
  INTRINSICS,
  type IntrinsicName,
  type SpanField,
  type SpanFilter,
} from "./types.ts";
