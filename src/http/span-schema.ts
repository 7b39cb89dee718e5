import { z } from "@hono/zod-openapi";
import { SPAN_COLUMNS, type Column, type SpanColumnName } from "../decode/index.ts";
import { count, hex } from "./schema-parts.ts";

const attributes = () =>
  z.record(z.string(), z.unknown()).openapi({
    description: "values of any type, nested to any depth; bytes as base64; NaN and infinities as text",
  });

const EVENT = z.object({
  name: z.string(),
  timeUnixNano: z.int().min(0).openapi({ format: "int64", description: "nanoseconds since 1970, all digits" }),
  attributes: attributes(),
  droppedAttributesCount: count(),
});

const LINK = z.object({
  traceId: z.string().openapi({ description: "hex" }),
  spanId: z.string().openapi({ description: "hex" }),
  traceState: z.string(),
  attributes: attributes(),
  droppedAttributesCount: count(),
  flags: count(),
});

const ENTITY_REF = z.object({
  schemaUrl: z.string(),
  type: z.string(),
  idKeys: z.array(z.string()),
  descriptionKeys: z.array(z.string()),
});

/** Anything but nothing: the member is there, if only as null. */
const any_json = () => z.unknown().refine((value) => value !== undefined);

/** Where a column's kind says less than the API promises. */
const CLOSER: Partial<Record<SpanColumnName, () => z.ZodType>> = {
  trace_id: () => hex(32),
  span_id: () => hex(16),
  parent_span_id: () => hex(16).nullable(),
  attributes_json: attributes,
  events_json: () => z.array(EVENT),
  links_json: () => z.array(LINK),
  trace_flags: () => count().max(0xffff_ffff),
  start_time_nanosecond: () => count().max(999),
  end_time_nanosecond: () => count().max(999),
  resource_attributes_json: attributes,
  resource_entity_refs_json: () => z.array(ENTITY_REF),
  scope_attributes_json: attributes,
};

const EXAMPLES: Partial<Record<SpanColumnName, unknown>> = {
  trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
  span_id: "00f067aa0ba902b7",
  parent_span_id: null,
  service_name: "checkout",
  name: "plan trip",
  kind: "INTERNAL",
  status_code: "1",
  attributes_json: { "openinference.span.kind": "LLM", "llm.token_count.total": 1234 },
  events_json: [
    { name: "retry", timeUnixNano: 1795456800123456789n.toString(), attributes: {}, droppedAttributesCount: 0 },
  ],
  links_json: [],
  trace_flags: 257,
  junjo_span_type: "workflow",
  junjo_wf_state_start: { city: null },
  resource_attributes_json: { "service.name": "checkout" },
  scope_name: "junjo",
  is_llm: true,
};

/** Where the API shows a value otherwise than the database does. */
const SHOWN: Partial<Record<SpanColumnName, string>> = { trace_flags: "the whole flags word" };

const TIME_EXAMPLE = "2026-11-23T18:00:00.123456+00:00";

const OF_KIND: Record<Column["kind"], () => z.ZodType> = {
  text: () => z.string(),
  json: any_json,
  timestamp_us: () =>
    z
      .string()
      .regex(/^\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/)
      .openapi({ format: "date-time" }),
  int32: () => z.int(),
  uint32: count,
  boolean: () => z.boolean(),
};

function member_of(name: SpanColumnName, { kind, is_nullable, what }: Column): z.ZodType {
  const of_kind = OF_KIND[kind]();
  const schema = CLOSER[name]?.() ?? (is_nullable ? of_kind.nullable() : of_kind);
  const example = kind === "timestamp_us" ? TIME_EXAMPLE : EXAMPLES[name];
  return schema.openapi({ description: SHOWN[name] ?? what, ...(example !== undefined && { example }) });
}

const members = () => Object.fromEntries(SPAN_COLUMNS.map((column) => [column.name, member_of(column.name, column)]));

/** Of a span that has not ended. */
export const STARTED_SPAN_SCHEMA = z
  .object({ ...members(), end_time: z.null() })
  .openapi("StartedSpan", { description: "What is known of a span that has not ended: a Span without an end_time." });

/** One row: every column of the store, in its order. Rows are sent as the store's text; this only describes them. */
export const SPAN_SCHEMA = z
  .object(members())
  .openapi("Span", { description: "One span. Times are UTC with six decimals." });
