import { createRoute, z } from "@hono/zod-openapi";
import { SERVICE_PATH } from "../parameters.ts";
import { DATA_SECURITY, json } from "../route-parts.ts";
import { JAEGER_ERRORS, JAEGER_TRACE_ERRORS, structured } from "./errors.ts";
import { DEPENDENCIES_QUERY, OPERATIONS_QUERY, SEARCH_QUERY } from "./parameters.ts";
import { TRACE_PATH } from "./readers.ts";

const question = { method: "get" as const, tags: ["Jaeger"], security: DATA_SECURITY };

const TAG = z.object({
  key: z.string(),
  type: z.enum(["string", "bool", "int64", "float64"]),
  value: z.union([z.string(), z.number(), z.boolean()]),
});

const TRACE = z
  .object({
    traceID: z.string(),
    spans: z.array(
      z.object({
        traceID: z.string(),
        spanID: z.string(),
        flags: z.int(),
        operationName: z.string(),
        references: z.array(
          z.object({ refType: z.enum(["CHILD_OF", "FOLLOWS_FROM"]), traceID: z.string(), spanID: z.string() }),
        ),
        startTime: z.int().openapi({ description: "microseconds since 1970" }),
        duration: z.int().openapi({ description: "microseconds" }),
        tags: z.array(TAG),
        logs: z.array(z.object({ timestamp: z.int(), fields: z.array(TAG) })),
        processID: z.string(),
        warnings: z.null(),
      }),
    ),
    processes: z.record(z.string(), z.object({ serviceName: z.string(), tags: z.array(TAG) })),
    warnings: z.null(),
  })
  .openapi("JaegerTrace");

const TRACES = structured(z.array(TRACE));
const NAMES = structured(z.array(z.string()));

export const SERVICES = createRoute({
  ...question,
  path: "/api/services",
  operationId: "jaeger_services",
  summary: "Which services have sent spans?",
  responses: { 200: json(NAMES, "Ascending."), ...JAEGER_ERRORS },
});

export const SERVICE_OPERATIONS = createRoute({
  ...question,
  path: "/api/services/{service_name}/operations",
  operationId: "jaeger_service_operations",
  summary: "What are its spans called?",
  request: { params: SERVICE_PATH },
  responses: { 200: json(NAMES, "Ascending."), ...JAEGER_ERRORS },
});

export const OPERATIONS = createRoute({
  ...question,
  path: "/api/operations",
  operationId: "jaeger_operations",
  summary: "What are its spans called, and of which kind are they?",
  request: { query: OPERATIONS_QUERY },
  responses: {
    200: json(structured(z.array(z.object({ name: z.string(), spanKind: z.string() }))), "By name, ascending."),
    ...JAEGER_ERRORS,
  },
});

export const TRACES_FOUND = createRoute({
  ...question,
  path: "/api/traces",
  operationId: "jaeger_find_traces",
  summary: "Which traces have such a span?",
  request: { query: SEARCH_QUERY },
  responses: { 200: json(TRACES, "Newest first, whole."), ...JAEGER_ERRORS },
});

export const TRACE_OF_ID = createRoute({
  ...question,
  path: "/api/traces/{trace_id}",
  operationId: "jaeger_trace",
  summary: "What happened in this trace?",
  request: { params: TRACE_PATH },
  responses: { 200: json(TRACES, "The trace."), ...JAEGER_TRACE_ERRORS },
});

export const DEPENDENCIES = createRoute({
  ...question,
  path: "/api/dependencies",
  operationId: "jaeger_dependencies",
  summary: "Which service calls which?",
  request: { query: DEPENDENCIES_QUERY },
  responses: {
    200: json(
      structured(z.array(z.object({ parent: z.string(), child: z.string(), callCount: z.int() }))),
      "By parent and child, ascending.",
    ),
    ...JAEGER_ERRORS,
  },
});

export const JAEGER_ROUTES = [SERVICES, SERVICE_OPERATIONS, OPERATIONS, TRACES_FOUND, TRACE_OF_ID, DEPENDENCIES];
