import type { SpanFilter } from "./types.ts";
import { FilterParser } from "./parser.ts";

/**
 * Reads a filter. Null for an empty one. Throws FilterError.
 *
 * Conditions are `field comparison value`, a field of truth alone (`llm`), `attribute exists`, or a quoted text that is looked
 * for in names and status messages; `and` (or nothing), `or`, `not` and brackets join them. Fields are those of INTRINSICS, and
 * attributes: `span.key`, `resource.key`, `.key` for either. Example: `service = checkout and (status = error or duration >
 * 2s) and not span.http.route =~ "^/health"`.
 */
export const parse_filter = (text: string): SpanFilter | null =>
  text.trim() === "" ? null : new FilterParser(text).parse();
