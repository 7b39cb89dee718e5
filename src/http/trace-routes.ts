import { createRoute } from "@hono/zod-openapi";
import { TRACE_PATH } from "./parameters.ts";
import { DATA_PROBLEMS, json, question } from "./route-parts.ts";
import {
  ATTRIBUTES_QUERY,
  COUNTS_QUERY,
  PARTS_QUERY,
  PENDING_QUERY,
  SEARCH_QUERY,
  TAIL_QUERY,
} from "./search-parameters.ts";
import {
  COUNTS,
  FOUND_TRACES,
  MODEL_PRICES,
  NAMES,
  PENDING_SPANS as PENDING_SPANS_SCHEMA,
  SERVICES,
  STATE_PATCHES,
} from "./trace-schemas.ts";

export const SEARCH = createRoute({
  ...question,
  path: "/otel/traces",
  operationId: "search_traces",
  summary: "Which traces have such a span?",
  description:
    "Traces, each once, by their newest matching span, newest first. A search that takes long answers with what it has found, " +
    "which may be nothing, and says where to go on.",
  request: { query: SEARCH_QUERY, TAIL_QUERY },
  responses: { 200: json(FOUND_TRACES, "What they are."), ...DATA_PROBLEMS },
});

export const SPAN_COUNTS = createRoute({
  ...question,
  path: "/otel/traces/counts",
  operationId: "count_spans",
  summary: "How many such spans were there, over time?",
  request: { query: COUNTS_QUERY },
  responses: { 200: json(COUNTS, "Counts for each part of the time range."), ...DATA_PROBLEMS },
});

export const SERVICE_FIGURES = createRoute({
  ...question,
  path: "/otel/services",
  operationId: "list_services",
  summary: "What did each service do, over time?",
  request: { query: PARTS_QUERY },
  responses: { 200: json(SERVICES, "By name, ascending."), ...DATA_PROBLEMS },
});

export const ATTRIBUTES = createRoute({
  ...question,
  path: "/otel/attributes",
  operationId: "list_attributes",
  summary: "Which attributes are there, or which values of one?",
  description: "Among some 20,000 of the newest spans, the most frequent first. Values are text.",
  request: { query: ATTRIBUTES_QUERY },
  responses: { 200: json(NAMES, "Keys; values if a key was given."), ...DATA_PROBLEMS },
});

export const PENDING_SPANS = createRoute({
  ...question,
  path: "/otel/pending_spans",
  operationId: "list_pending_spans",
  summary: "What is still running?",
  description:
    "Spans that were told to have started (an end time of 0, or Logfire's pending spans) and whose end has not come. When it " +
    "comes they are among all others and no longer here.",
  request: { query: PENDING_QUERY },
  responses: { 200: json(PENDING_SPANS_SCHEMA, "Newest start_time first."), ...DATA_PROBLEMS },
});

export const TRACE_STATE_PATCHES = createRoute({
  ...question,
  path: "/otel/trace/{trace_id}/state_patches",
  operationId: "list_state_patches",
  summary: "How did the state of its workflows change?",
  request: { params: TRACE_PATH },
  responses: { 200: json(STATE_PATCHES, "Oldest first."), ...DATA_PROBLEMS },
});

export const TRACE_OTLP = createRoute({
  ...question,
  path: "/otel/trace/{trace_id}/otlp",
  operationId: "get_trace_as_otlp",
  summary: "What would send this trace again?",
  description:
    "An ExportTraceServiceRequest, as JSON or, for `Accept: application/x-protobuf`, as protobuf. An unknown trace has no spans.",
  request: { params: TRACE_PATH },
  responses: {
    200: {
      description: "The trace.",
      content: {
        "application/json": { schema: { type: "object" as const } },
        "application/x-protobuf": { schema: { type: "string" as const, format: "binary" } },
      },
    },
    ...DATA_PROBLEMS,
  },
});

export const TAIL = createRoute({
  ...question,
  path: "/otel/tail",
  operationId: "follow_traces",
  summary: "Which traces with such a span come in from now on?",
  description:
    "Server-sent events: `traces`, whose data is an array of TraceSummary, as the traces are then; and `gap` when some were " +
    "missed, so that the list should be asked for again. A trace comes again with each new matching span.",
  request: { query: TAIL_QUERY },
  responses: {
    200: {
      description: "Events, without an end.",
      content: { "text/event-stream": { schema: { type: "string" as const } } },
    },
    ...DATA_PROBLEMS,
  },
});

export const MODEL_PRICES_ROUTE = createRoute({
  ...question,
  path: "/otel/model_prices",
  operationId: "list_model_prices",
  summary: "What do models cost?",
  description: "Prices of a million tokens, as MODEL_PRICES has them: the first whose model matches counts.",
  responses: { 200: json(MODEL_PRICES, "In the order of the setting."), ...DATA_PROBLEMS },
});

export const TRACE_ROUTES = [
  MODEL_PRICES_ROUTE,
  TAIL,
  SEARCH,
  SPAN_COUNTS,
  SERVICE_FIGURES,
  ATTRIBUTES,
  PENDING_SPANS,
  TRACE_STATE_PATCHES,
  TRACE_OTLP,
];
