import { createRoute, z } from "@hono/zod-openapi";
import { DATA_SECURITY, json } from "../route-parts.ts";
import { V3_ERRORS, V3_TRACE_ERRORS } from "./errors.ts";
import { V3_DEPENDENCIES_QUERY, V3_OPERATIONS_QUERY, V3_SEARCH_QUERY } from "./parameters.ts";
import { TRACE_PATH } from "./readers.ts";
import { SUMMARY } from "./summary-json.ts";

const question = { method: "get" as const, tags: ["Jaeger"], security: DATA_SECURITY };

const OTLP = z.object({
  result: z.object({
    resourceSpans: z.array(z.looseObject({})).openapi({ description: "OTLP's TracesData, in its JSON" }),
  }),
});

export const V3_SERVICES = createRoute({
  ...question,
  path: "/api/v3/services",
  operationId: "jaeger_v3_services",
  summary: "Which services have sent spans?",
  responses: { 200: json(z.object({ services: z.array(z.string()) }), "Ascending."), ...V3_ERRORS },
});

export const V3_OPERATIONS = createRoute({
  ...question,
  path: "/api/v3/operations",
  operationId: "jaeger_v3_operations",
  summary: "What are its spans called, and of which kind are they?",
  request: { query: V3_OPERATIONS_QUERY },
  responses: {
    200: json(
      z.object({ operations: z.array(z.object({ name: z.string(), spanKind: z.string() })) }),
      "By name, ascending.",
    ),
    ...V3_ERRORS,
  },
});

export const V3_TRACES_FOUND = createRoute({
  ...question,
  path: "/api/v3/traces",
  operationId: "jaeger_v3_find_traces",
  summary: "Which traces have such a span?",
  request: { query: V3_SEARCH_QUERY },
  responses: { 200: json(OTLP, "Newest first, whole."), ...V3_ERRORS },
});

export const V3_TRACE_SUMMARIES = createRoute({
  ...question,
  path: "/api/v3/trace-summaries",
  operationId: "jaeger_v3_find_trace_summaries",
  summary: "What are the traces that have such a span?",
  request: { query: V3_SEARCH_QUERY },
  responses: { 200: json(z.object({ summaries: z.array(SUMMARY) }), "Newest first."), ...V3_ERRORS },
});

export const V3_DEPENDENCIES = createRoute({
  ...question,
  path: "/api/v3/dependencies",
  operationId: "jaeger_v3_dependencies",
  summary: "Which service calls which?",
  request: { query: V3_DEPENDENCIES_QUERY },
  responses: {
    200: json(
      z.object({
        dependencies: z.array(
          z.object({ parent: z.string(), child: z.string(), callCount: z.string().openapi({ format: "uint64" }) }),
        ),
      }),
      "By parent and child, ascending.",
    ),
    ...V3_ERRORS,
  },
});

export const V3_TRACE = createRoute({
  ...question,
  path: "/api/v3/traces/{trace_id}",
  operationId: "jaeger_v3_trace",
  summary: "What happened in this trace?",
  request: { params: TRACE_PATH },
  responses: { 200: json(OTLP, "The trace."), ...V3_TRACE_ERRORS },
});

export const V3_ROUTES = [V3_SERVICES, V3_OPERATIONS, V3_TRACES_FOUND, V3_TRACE_SUMMARIES, V3_TRACE, V3_DEPENDENCIES];
