import { z } from "@hono/zod-openapi";
import { count, duration, given, json_tags, rfc_3339, text, unix_time, whole_trace_id } from "./readers.ts";

const TRACES_MAX = 1_500;
const DAY_US = 86_400_000_000n;
/** As in Jaeger, where nothing is said. */
export const LIMIT_INITIAL = 100;
const LOOKBACK_US = 2n * DAY_US;
const DEPENDENCIES_LOOKBACK_US = DAY_US;

/** What may be there more than once. */
const several = z
  .union([z.string(), z.array(z.string())])
  .default([])
  .transform((values) => [values].flat());

const LIST = { type: "array", items: { type: "string" } } as const;

const TAGS = several
  .transform((values, context): [string, string][] =>
    values.flatMap((tag): [string, string][] => {
      const [key, ...rest] = tag.split(":");
      if (rest.length > 0) return [[key, rest.join(":")]];
      context.addIssue(`expected key:value, not ${JSON.stringify(tag)}`);
      return [];
    }),
  )
  .openapi({ ...LIST, description: "key:value; may be there more than once", example: ["http.method:GET"] });

const TRACE_IDS = several
  .transform((values, context): string[] =>
    values.flatMap((digits) => {
      const trace_id = whole_trace_id(digits);
      if (trace_id === null) context.addIssue("expected up to 32 hex digits");
      return trace_id ?? [];
    }),
  )
  .openapi({ ...LIST, description: "these traces and no others; may be there more than once" });

const tags_json = (description: string) =>
  given(json_tags, "a JSON object of text", { description, example: '{"http.status_code":"200"}' });

const SEARCH = z.object({
  service: text("has a span of this service"),
  operation: text("of this name"),
  tag: TAGS,
  tags: tags_json("with these tags, or its process has them"),
  start: unix_time(1n, "that starts at or after this, in microseconds; two days before `end` if not given"),
  end: unix_time(1n, "and at or before this; now if not given"),
  lookback: given(lookback_us, "a duration such as 1h or 2d", {
    description: "how long before `end` it may have started, if `start` is not given",
    example: "1h",
  }),
  minDuration: duration("and took so long"),
  maxDuration: duration("and not longer"),
  limit: count(TRACES_MAX, `traces to give at most, ${LIMIT_INITIAL} if not given`),
  traceID: TRACE_IDS,
});

export const SEARCH_QUERY = SEARCH.refine((query) => query.service !== undefined || query.traceID.length > 0, {
  path: ["service"],
  error: "is required",
})
  .refine(({ start, end }) => start === undefined || end === undefined || start <= end, {
    path: ["start"],
    error: "must be before end",
  })
  .refine(({ minDuration, maxDuration }) => is_ordered(minDuration, maxDuration), {
    path: ["maxDuration"],
    error: "should be greater than minDuration",
  });

export const OPERATIONS_QUERY = z.object({
  service: z.string({ error: "is required" }).min(1, "is required"),
  spanKind: text("only of this kind: internal, server, client, producer or consumer"),
});

export const DEPENDENCIES_QUERY = z
  .object({
    endTs: unix_time(1_000n, "spans that start at or before this, in milliseconds; now if not given"),
    lookback: given((digits) => (/^\d{1,15}$/.test(digits) ? BigInt(digits) * 1000n : null), "a whole number", {
      type: "integer",
      description: "and so many milliseconds before it at most; a day if not given",
    }),
    service: text("only what it calls and what calls it"),
  })
  .transform(({ endTs, lookback, service }) => {
    const until_us = endTs ?? now_us();
    return { until_us, since_us: until_us - (lookback ?? DEPENDENCIES_LOOKBACK_US), service };
  });

const V3 = z.object({
  "query.service_name": text("has a span of this service"),
  "query.serviceName": text("the same"),
  "query.operation_name": text("of this name"),
  "query.operationName": text("the same"),
  "query.span_name": text("the same"),
  "query.attributes": tags_json("with these attributes, or its resource has them"),
  "query.start_time_min": rfc_3339("that starts then or later; two days before the end if not given"),
  "query.startTimeMin": rfc_3339("the same"),
  "query.start_time_max": rfc_3339("and then or earlier; now if not given"),
  "query.startTimeMax": rfc_3339("the same"),
  "query.duration_min": duration("and took so long"),
  "query.durationMin": duration("the same"),
  "query.duration_max": duration("and not longer"),
  "query.durationMax": duration("the same"),
  "query.num_traces": count(TRACES_MAX, `traces to give at most, ${LIMIT_INITIAL} if not given`),
  "query.search_depth": count(TRACES_MAX, "the same"),
  "query.searchDepth": count(TRACES_MAX, "the same"),
  "query.filter": given<string>(() => null, "nothing: filters of this form are not read", {
    description: "refused: without it the answer would have more than was asked for",
  }),
});

/** Names in either spelling. */
export const V3_SEARCH_QUERY = V3.transform((query) => ({
  service: query["query.serviceName"] ?? query["query.service_name"],
  operation: query["query.operationName"] ?? query["query.operation_name"] ?? query["query.span_name"],
  tags: query["query.attributes"] ?? new Map<string, string>(),
  start: query["query.startTimeMin"] ?? query["query.start_time_min"],
  end: query["query.startTimeMax"] ?? query["query.start_time_max"],
  duration_min_ns: query["query.durationMin"] ?? query["query.duration_min"],
  duration_max_ns: query["query.durationMax"] ?? query["query.duration_max"],
  limit: query["query.searchDepth"] ?? query["query.search_depth"] ?? query["query.num_traces"],
}))
  .refine(({ start, end }) => start === undefined || end === undefined || start <= end, {
    path: ["query.start_time_min"],
    error: "must be before query.start_time_max",
  })
  .refine(({ duration_min_ns, duration_max_ns }) => is_ordered(duration_min_ns, duration_max_ns), {
    path: ["query.duration_max"],
    error: "should be greater than query.duration_min",
  });

export const V3_OPERATIONS_QUERY = z.object({
  service: z.string({ error: "is required" }).min(1, "is required"),
  span_kind: text("only of this kind"),
  spanKind: text("the same"),
});

export const V3_DEPENDENCIES_QUERY = z
  .object({
    start_time: rfc_3339("spans that start then or later; a day before the end if not given"),
    startTime: rfc_3339("the same"),
    end_time: rfc_3339("and then or earlier; now if not given"),
    endTime: rfc_3339("the same"),
  })
  .transform((query) => {
    const until_us = query.end_time ?? query.endTime ?? now_us();
    return { until_us, since_us: query.start_time ?? query.startTime ?? until_us - DEPENDENCIES_LOOKBACK_US };
  });

/** From when to when spans start, where not all of it was said. */
export function range_of({ start, end, lookback }: { start?: bigint; end?: bigint; lookback?: bigint }) {
  const until_us = end ?? now_us();
  return { since_us: start ?? until_us - (lookback ?? LOOKBACK_US), until_us };
}

const is_ordered = (min: number | undefined, max: number | undefined) =>
  min === undefined || max === undefined || min <= max;

const now_us = () => BigInt(Date.now()) * 1000n;

/** As Jaeger's page offers them: 1h, 2d, and 3w or custom now and then. */
function lookback_us(value: string): bigint | null {
  if (value === "custom") return LOOKBACK_US;
  const [, amount, unit] = /^(\d{1,6})(m|h|d|w)$/.exec(value) ?? [];
  if (amount === undefined) return null;
  return BigInt(amount) * UNITS_US[unit];
}

const UNITS_US: Record<string, bigint> = { m: 60_000_000n, h: 3_600_000_000n, d: DAY_US, w: 7n * DAY_US };
