import { z } from "@hono/zod-openapi";
import type { RowKey } from "../store/index.ts";

// To clients a cursor is opaque: the place of a page's last row among all, so that what arrives meanwhile neither repeats
// nor hides a row, and the thousandth page costs what the first does.
const CURSOR_PATTERN = /^(-?\d{1,19})\.([0-9a-f]{32})\.([0-9a-f]{16})$/;

export const encode_cursor = ({ start_us, trace_id, span_id }: RowKey): string =>
  Buffer.from(`${start_us}.${trace_id}.${span_id}`).toString("base64url");

/** A cursor in a query. */
export const CURSOR = z.string().transform((text, context): RowKey => {
  const [, start_us, trace_id, span_id] = CURSOR_PATTERN.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
  if (start_us !== undefined) return { start_us: BigInt(start_us), trace_id, span_id };
  context.addIssue("expected a cursor as a Link header gave it");
  return z.NEVER;
});
