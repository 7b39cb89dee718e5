import { z } from "@hono/zod-openapi";
import type { RootFigures, SpanFacts, StatePatch, FoundTrace, PendingSpan } from "../store/index.ts";
import { iso_time_text } from "../decode/index.ts";
import { count, hex } from "./schema-parts.ts";
import { STARTED_SPAN_SCHEMA } from "./span-schema.ts";

const time = () => z.string().openapi({ format: "date-time", example: "2026-11-23T18:00:00.123456+00:00" });
const duration_ns = () => z.int().openapi({ format: "int64", description: "nanoseconds from start to end" });

const FACTS = z.object({
  span_id: hex(16),
  parent_span_id: hex(16).nullable(),
  service_name: z.string(),
  name: z.string(),
  kind: z.string(),
  status_code: z.string().openapi({ description: '"0" unset, "1" ok, "2" error' }),
  junjo_span_type: z.string().nullable(),
  is_llm: z.boolean(),
  start_time: time(),
  duration_ns: duration_ns(),
});

/** Numbers that a double holds; JSON has no others that everybody can read. */
const facts_json = ({ start_unix_nano, end_unix_nano, ...facts }: SpanFacts): z.infer<typeof FACTS> => ({
  ...facts,
  start_time: iso_time_text(start_unix_nano / 1000n),
  duration_ns: Number(end_unix_nano - start_unix_nano),
});

const TRACE_SUMMARY = z
  .object({
    trace_id: hex(32),
    start_time: time().openapi({ description: "of its first span" }),
    duration_ns: z
      .int()
      .openapi({ format: "int64", description: "from its first start to its last end, in nanoseconds" }),
    span_count: count(),
    error_count: count(),
    llm_span_count: count(),
    orphan_count: count().openapi({ description: "spans whose parent has not arrived" }),
    service_names: z.array(z.string()),
    matched_span_id: hex(16).openapi({ description: "the newest span for which the filter holds" }),
    root: FACTS.nullable().openapi({ description: "the first span without a parent; null if none has arrived" }),
  })
  .openapi("TraceSummary", { description: "What a trace is, as far as it has arrived." });

export const FOUND_TRACES = z.object({
  traces: z.array(TRACE_SUMMARY),
  next_cursor: z
    .string()
    .nullable()
    .openapi({ description: "where there may be more: `cursor` of the next page, also of one that is not full" }),
});

export const trace_json = ({
  start_unix_nano,
  end_unix_nano,
  services,
  root,
  ...trace
}: FoundTrace): z.infer<typeof TRACE_SUMMARY> => ({
  ...trace,
  start_time: iso_time_text(start_unix_nano / 1000n),
  duration_ns: Number(end_unix_nano - start_unix_nano),
  service_names: services.map(({ name }) => name),
  root: root === null ? null : facts_json(root),
});

const TIME_PARTS = {
  since: time(),
  until: time(),
};

export const COUNTS = z.object({
  ...TIME_PARTS,
  parts: z
    .array(z.object({ spans: count(), errors: count() }))
    .openapi({ description: "matching spans that start in each part, and those with an error" }),
});

const FIGURES = z
  .object({
    roots: count(),
    errors: count().openapi({ description: "roots with status error" }),
    p50_duration_ns: z.number().nullable(),
    p95_duration_ns: z.number().nullable().openapi({ description: "nanoseconds; null where there was no root" }),
  } satisfies Record<keyof RootFigures, z.ZodType>)
  .openapi("RootFigures", { description: "What spans without a parent did." });

export const SERVICES = z.object({
  ...TIME_PARTS,
  services: z.array(
    z.object({
      service_name: z.string(),
      span_count: count().openapi({ description: "of all that is stored" }),
      last_seen: time().nullable().openapi({ description: "its newest root or workflow" }),
      total: FIGURES,
      parts: z.array(FIGURES),
    }),
  ),
});

export const MODEL_PRICES = z.array(
  z.object({
    model: z.string().openapi({ description: "a star stands for anything" }),
    input: z.number(),
    output: z.number(),
    cached_input: z.number().optional(),
  }),
);

export const NAMES = z.array(z.string());

export const STATE_PATCHES = z.array(
  z
    .object({
      patch_id: z.string(),
      service_name: z.string(),
      trace_id: hex(32),
      span_id: hex(16),
      workflow_id: z.string(),
      node_id: z.string(),
      event_time: time(),
      patch_json: z.unknown().openapi({ description: "a JSON patch" }),
      patch_store_id: z.string(),
    })
    .openapi("StatePatch", { description: "One change of a workflow's state." }),
);

export const PENDING_SPANS = z.array(
  z
    .object({
      state: z.enum(["running", "never_ended"]).openapi({
        description:
          "`never_ended`: for 5 minutes nothing was heard of its trace, and its service has begun another root or workflow since",
      }),
      span: STARTED_SPAN_SCHEMA,
    })
    .openapi("PendingSpan", { description: "A span that has started and whose end has not come." }),
);

/** As JSON text: rows go out as they are. */
export const pending_span_json = ({ state, json }: PendingSpan): string => `{"state":"${state}","span":${json}}`;

/** As JSON text: the patch goes out as it came in, digit for digit. */
export function state_patch_json({ event_time_us, patch_json, ...patch }: StatePatch): string {
  const rest = JSON.stringify({ ...patch, event_time: iso_time_text(event_time_us) });
  return `${rest.slice(0, -1)},"patch_json":${patch_json}}`;
}
