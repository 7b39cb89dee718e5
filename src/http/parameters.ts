import { z } from "@hono/zod-openapi";
import { iso_time_us } from "../decode/index.ts";
import { CURSOR } from "./cursor.ts";

const LIMIT_MAX = 10_000;
const LIMIT_INITIAL = 500;

/** Digits alone: coercion would also read "", 1e3 and 0x10. */
export const whole_number = (minimum: number, maximum: number) => {
  const error = `expected a whole number from ${minimum} to ${maximum}`;
  return z
    .string({ error })
    .regex(/^\d+$/, { error })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, { error });
};

const limit = whole_number(1, LIMIT_MAX);
const offset = whole_number(0, Number.MAX_SAFE_INTEGER)
  .optional()
  .openapi({ type: "integer", minimum: 0, default: 0, description: "rows to pass over" });

/** Microseconds since 1970 of an ISO 8601 time; what is below a microsecond is cut off. */
export const time = z.iso
  .datetime({ offset: true, error: "expected a time such as 2026-11-23T18:00:00.123456Z, with Z or an offset" })
  .transform(iso_time_us);

/** Which part of a list: a time range, and where in it to go on. */
const range = {
  since: time.optional().openapi({
    type: "string",
    format: "date-time",
    description: "only spans that start then or later",
    example: "2026-11-23T18:00:00Z",
  }),
  until: time
    .optional()
    .openapi({ type: "string", format: "date-time", description: "only spans that start then or earlier" }),
  cursor: CURSOR.optional().openapi({
    type: "string",
    description: "goes on behind the page whose Link header gave it; offset counts from there",
  }),
};

/** A page of a list. */
export const PAGE_QUERY = z.object({
  limit: limit.default(LIMIT_INITIAL).openapi({
    type: "integer",
    minimum: 1,
    maximum: LIMIT_MAX,
    default: LIMIT_INITIAL,
    description: "rows to give at most",
  }),
  offset,
  ...range,
});

const any_limit = limit
  .optional()
  .transform((value) => value ?? null)
  .openapi({
    type: "integer",
    minimum: 1,
    maximum: LIMIT_MAX,
    description: "rows to give at most; all if not given",
  });

/** Everything, unless a page is asked for. */
export const WHOLE_QUERY = z.object({ limit: any_limit, offset, ...range });
export const NAMES_QUERY = z.object({ limit: any_limit, offset });

export const hex = (digits: number, example: string) =>
  z
    .string()
    .regex(new RegExp(`^[0-9a-fA-F]{${digits}}$`), { error: `expected ${digits} hex digits` })
    .openapi({ description: `${digits} hex digits in either case`, example });

export const TRACE_PATH = z.object({ trace_id: hex(32, "4bf92f3577b34da6a3ce929d0e0e4736") });
export const SPAN_PATH = TRACE_PATH.extend({ span_id: hex(16, "00f067aa0ba902b7") });
export const SERVICE_PATH = z.object({
  service_name: z
    .string()
    .min(1)
    .openapi({ description: "service.name, percent-encoded (a slash in it is %2F)", example: "checkout" }),
});
