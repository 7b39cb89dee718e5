import { z } from "@hono/zod-openapi";
import { FilterError, parse_filter } from "../filter/index.ts";
import type { TraceKey } from "../store/index.ts";
import { hex, time, whole_number } from "./parameters.ts";

const TRACES_MAX = 500;
const TRACES_INITIAL = 50;
const PENDING_MAX = 10_000;
const PENDING_INITIAL = 100;
const PARTS_MAX = 500;
const PARTS_INITIAL = 60;
const NAMES_MAX = 1_000;
const NAMES_INITIAL = 100;

/** A number of things in a query. */
const count = (initial: number, maximum: number, description: string) =>
  whole_number(1, maximum)
    .default(initial)
    .openapi({ type: "integer", minimum: 1, maximum, default: initial, description });

const filter = z
  .string()
  .default("")
  .transform((text, context) => {
    try {
      return parse_filter(text);
    } catch (error) {
      if (!(error instanceof FilterError)) throw error;
      const { message, at, end, suggestion } = error;
      context.addIssue({ code: "custom", message, params: { at, end, suggestion } });
      return z.NEVER;
    }
  })
  .openapi({
    type: "string",
    description:
      "which spans: `field comparison value` joined by and, or, not and brackets; a quoted text is looked for in names and " +
      "status messages. Not given: those without a parent",
    example: 'service = checkout and (status = error or duration > 2s) and span.http.route =~ "^/cart"',
  });

// As CURSOR: opaque to clients. What has no id yet is behind all that have one at its time.
const TRACE_CURSOR = /^(-?\d{1,19})\.([0-9a-f]{32}|g)$/;

export const encode_trace_cursor = ({ start_us, trace_id }: TraceKey): string =>
  Buffer.from(`${start_us}.${trace_id}`).toString("base64url");

const cursor = z
  .string()
  .transform((text, context): TraceKey => {
    const [, start_us, trace_id] = TRACE_CURSOR.exec(Buffer.from(text, "base64url").toString("latin1")) ?? [];
    if (start_us !== undefined) return { start_us: BigInt(start_us), trace_id };
    context.addIssue("expected a cursor as next_cursor gave it");
    return z.NEVER;
  })
  .optional()
  .openapi({ type: "string", description: "goes on behind the page whose next_cursor it is" });

const moment = (description: string) => time.optional().openapi({ type: "string", format: "date-time", description });

export const SEARCH_QUERY = z.object({
  filter,
  limit: count(TRACES_INITIAL, TRACES_MAX, "traces to give at most"),
  since: moment("only spans that start then or later"),
  until: moment("only spans that start then or earlier"),
  cursor,
});

export const TAIL_QUERY = z.object({ filter });

export const PENDING_QUERY = z.object({
  service_name: z.string().min(1).optional().openapi({ description: "of this service alone" }),
  trace_id: hex(32, "4bf92f3577b34da6a3ce929d0e0e4736").optional(),
  limit: count(PENDING_INITIAL, PENDING_MAX, "spans to give at most"),
});

const parts = {
  since: moment("where it begins; an hour before `until` if not given"),
  until: moment("where it ends; now if not given"),
  parts: count(PARTS_INITIAL, PARTS_MAX, "into how many equally long parts it is divided"),
};

/** A time range, divided. */
export const PARTS_QUERY = z.object(parts);
export const COUNTS_QUERY = z.object({ filter, ...parts });

export const ATTRIBUTES_QUERY = z.object({
  level: z.enum(["span", "resource"]).default("span").openapi({ description: "whose attributes" }),
  key: z.string().min(1).optional().openapi({ description: "this one's values are asked for, not keys" }),
  prefix: z.string().default("").openapi({ description: "with which values begin" }),
  limit: count(NAMES_INITIAL, NAMES_MAX, "names to give at most"),
});
