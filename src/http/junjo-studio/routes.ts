import { createRoute, z } from "@hono/zod-openapi";
import { PAGE_QUERY, SERVICE_PATH, SPAN_PATH, TRACE_PATH } from "../parameters.ts";
import { DATA_PROBLEMS, DATA_SECURITY, json } from "../route-parts.ts";
import { SPAN_SCHEMA } from "../span-schema.ts";

const question = { method: "get" as const, tags: ["Junjo AI Studio"], security: DATA_SECURITY };

const LIMIT = PAGE_QUERY.pick({ limit: true });
const SPANS = json(z.array(SPAN_SCHEMA), "Newest start_time first.");

export const SERVICES = createRoute({
  ...question,
  path: "/api/v1/observability/services",
  operationId: "studio_services",
  summary: "Which services have sent spans?",
  responses: { 200: json(z.array(z.string()), "Distinct names, ascending."), ...DATA_PROBLEMS },
});

export const SERVICE_SPANS = createRoute({
  ...question,
  path: "/api/v1/observability/services/{service_name}/spans",
  operationId: "studio_service_spans",
  summary: "What did this service do?",
  request: { params: SERVICE_PATH, query: LIMIT },
  responses: { 200: SPANS, ...DATA_PROBLEMS },
});

export const ROOT_SPANS = createRoute({
  ...question,
  path: "/api/v1/observability/services/{service_name}/spans/root",
  operationId: "studio_root_spans",
  summary: "What did this service start?",
  request: {
    params: SERVICE_PATH,
    query: LIMIT.extend({
      has_llm: z
        .stringbool({ error: "expected true or false" })
        .default(false)
        .openapi({ type: "boolean", default: false, description: "only of traces in which a model was called" }),
    }),
  },
  responses: { 200: SPANS, ...DATA_PROBLEMS },
});

export const WORKFLOWS = createRoute({
  ...question,
  path: "/api/v1/observability/services/{service_name}/workflows",
  operationId: "studio_workflows",
  summary: "Which workflows did this service run?",
  request: { params: SERVICE_PATH, query: LIMIT },
  responses: { 200: SPANS, ...DATA_PROBLEMS },
});

export const TRACE_SPANS = createRoute({
  ...question,
  path: "/api/v1/observability/traces/{trace_id}/spans",
  operationId: "studio_trace_spans",
  summary: "What happened in this trace?",
  request: { params: TRACE_PATH },
  responses: { 200: SPANS, ...DATA_PROBLEMS },
});

export const SPAN = createRoute({
  ...question,
  path: "/api/v1/observability/traces/{trace_id}/spans/{span_id}",
  operationId: "studio_span",
  summary: "What is this span?",
  request: { params: SPAN_PATH },
  responses: {
    200: json(z.union([SPAN_SCHEMA, z.null()]), "The span; null if there is no such span."),
    ...DATA_PROBLEMS,
  },
});

export const STUDIO_ROUTES = [SERVICES, SERVICE_SPANS, ROOT_SPANS, WORKFLOWS, TRACE_SPANS, SPAN];
