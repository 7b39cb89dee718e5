import { createRoute, z } from "@hono/zod-openapi";
import { JAEGER_ROUTES } from "./jaeger/routes.ts";
import { V3_ROUTES } from "./jaeger/v3-routes.ts";
import { STUDIO_ROUTES } from "./junjo-studio/routes.ts";
import { NAMES_QUERY, PAGE_QUERY, SERVICE_PATH, SPAN_PATH, TRACE_PATH, WHOLE_QUERY } from "./parameters.ts";
import { PROBLEM_SCHEMA } from "./problems.ts";
import { DATA_PROBLEMS, DATA_SECURITY, json, list_of, problems, question } from "./route-parts.ts";
import { SPAN_SCHEMA } from "./span-schema.ts";
import { TRACE_ROUTES } from "./trace-routes.ts";

const operation = { method: "get" as const, tags: ["operation"] };

export const SERVICE_NAMES = createRoute({
  ...question,
  path: "/otel/span_service_names",
  operationId: "list_service_names",
  summary: "Which services have sent spans?",
  request: { query: NAMES_QUERY },
  responses: { 200: list_of(z.string(), "Distinct names, ascending."), ...DATA_PROBLEMS },
});

export const ROOT_SPANS = createRoute({
  ...question,
  path: "/otel/service/{service_name}/root_spans",
  operationId: "list_root_spans",
  summary: "What did this service start?",
  description: "Its spans without a parent, newest first. An unknown service has none.",
  request: { params: SERVICE_PATH, query: PAGE_QUERY },
  responses: { 200: list_of(SPAN_SCHEMA, "Newest start_time first."), ...DATA_PROBLEMS },
});

export const LLM_ROOT_SPANS = createRoute({
  ...question,
  path: "/otel/service/{service_name}/root_spans_filtered",
  operationId: "list_llm_root_spans",
  summary: "In which of them was a language model called?",
  description: "Root spans of traces that hold an LLM span, of any service.",
  request: { params: SERVICE_PATH, query: PAGE_QUERY },
  responses: { 200: list_of(SPAN_SCHEMA, "Newest start_time first."), ...DATA_PROBLEMS },
});

export const TRACE_SPANS = createRoute({
  ...question,
  path: "/otel/trace/{trace_id}/nested_spans",
  operationId: "list_trace_spans",
  summary: "What happened in this trace?",
  description: "Every span of it, newest first. An unknown trace has none.",
  request: { params: TRACE_PATH, query: WHOLE_QUERY },
  responses: { 200: list_of(SPAN_SCHEMA, "Newest start_time first."), ...DATA_PROBLEMS },
});

export const SPAN = createRoute({
  ...question,
  path: "/otel/trace/{trace_id}/span/{span_id}",
  operationId: "get_span",
  summary: "What is this span?",
  request: { params: SPAN_PATH },
  responses: { 200: json(SPAN_SCHEMA, "The span."), ...problems("span_not_found"), ...DATA_PROBLEMS },
});

export const WORKFLOW_SPANS = createRoute({
  ...question,
  path: "/otel/spans/type/workflow/{service_name}",
  operationId: "list_workflow_spans",
  summary: "Which workflows did this service run?",
  description: "Spans whose junjo_span_type is workflow, newest first. An unknown service has none.",
  request: { params: SERVICE_PATH, query: PAGE_QUERY },
  responses: { 200: list_of(SPAN_SCHEMA, "Newest start_time first."), ...DATA_PROBLEMS },
});

export const SQL = createRoute({
  method: "post",
  tags: ["questions"],
  security: DATA_SECURITY,
  path: "/sql",
  operationId: "run_sql",
  summary: "Anything: one SELECT over all rows",
  description:
    "DuckDB's SQL over the views `spans` and `state_patches`. Nothing can be changed and no file be read with it. At most " +
    "10000 rows and 32 MiB of text, within 30 seconds. Whole numbers keep every digit.",
  request: {
    body: {
      required: true,
      content: {
        "application/json": {
          schema: z.object({
            sql: z.string().min(1).max(100_000).openapi({ example: "SELECT name, count(*) FROM spans GROUP BY name" }),
          }),
        },
      },
    },
  },
  responses: {
    200: json(
      z.object({
        columns: z.array(z.object({ name: z.string(), type: z.string().openapi({ example: "VARCHAR" }) })),
        rows: z.array(z.array(z.unknown())),
        truncated: z.boolean().openapi({ description: "there were more rows" }),
      }),
      "What it gave.",
    ),
    ...DATA_PROBLEMS,
    400: {
      description: "The body or the SQL is not valid.",
      content: { "application/problem+json": { schema: PROBLEM_SCHEMA } },
    },
  },
});

export const DELETE_TRACE = createRoute({
  method: "delete",
  tags: ["changes"],
  security: DATA_SECURITY,
  path: "/otel/trace/{trace_id}",
  operationId: "delete_trace",
  summary: "Remove a trace, everywhere",
  description:
    "Its spans and state patches, all that were acknowledged before, are gone from every answer and from the store when this " +
    "is answered. Their bytes in the queue go when it is trimmed, within seconds or when they are forwarded, and a file that " +
    "somebody is reading goes when that ends. Spans of it that are sent, or sent again, later are stored as new. An unknown " +
    "trace has none to remove.",
  request: { params: TRACE_PATH },
  responses: {
    200: json(z.object({ deleted_spans: z.int().min(0) }), "How many spans were removed."),
    ...DATA_PROBLEMS,
  },
});

const STATUS = z.object({ status: z.enum(["ok"]) });

export const HEALTH = createRoute({
  ...operation,
  path: "/healthz",
  operationId: "get_health",
  summary: "Is the process alive?",
  responses: { 200: json(STATUS, "It is.") },
});

export const READINESS = createRoute({
  ...operation,
  path: "/readyz",
  operationId: "get_readiness",
  summary: "Are the tables there and the receivers listening?",
  responses: { 200: json(STATUS, "They are."), ...problems("not_ready") },
});

export const METRICS = createRoute({
  ...operation,
  path: "/metrics",
  operationId: "get_metrics",
  summary: "Counters and timings, for Prometheus",
  security: DATA_SECURITY,
  responses: {
    200: { description: "Prometheus text format.", content: { "text/plain": { schema: z.string() } } },
    ...problems("key_required", "key_lacks_scope", "internal"),
  },
});

export const ROUTES = [
  SERVICE_NAMES,
  ROOT_SPANS,
  LLM_ROOT_SPANS,
  TRACE_SPANS,
  SPAN,
  WORKFLOW_SPANS,
  ...TRACE_ROUTES,
  SQL,
  DELETE_TRACE,
  ...STUDIO_ROUTES,
  ...JAEGER_ROUTES,
  ...V3_ROUTES,
  HEALTH,
  READINESS,
  METRICS,
];
