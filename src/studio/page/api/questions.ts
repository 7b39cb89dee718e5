import { infiniteQueryOptions, keepPreviousData, queryOptions } from "@tanstack/react-query";
import { ends_of, type TimeRange } from "../lib/time-range.ts";
import { answered, answered_exactly, api, AS_TEXT } from "./client.ts";
import { type PendingRow, with_pending } from "../model/started.ts";
import type { SpanRow } from "./span-row.ts";

const TRACES_PER_PAGE = 50;
const SPARKLINE_PARTS = 24;
const CHART_PARTS = 80;
const NAMES_MAX = 100;
const CONVERSATION_TRACES_MAX = 100;
const SIBLING_RUNS_MAX = 50;
/** What is being looked at does not change under the reader's eyes; live views ask again by themselves. */
const STALE_MS = 10_000;
/** What has not ended is asked for again so often. */
const PENDING_MS = 3_000;
const PENDING_MAX = 500;
const PENDING_OF_TRACE_MAX = 10_000;

const query_of = (range: TimeRange) => ends_of(range, Date.now());

export const services_question = (range: TimeRange) =>
  queryOptions({
    queryKey: ["services", range],
    queryFn: async ({ signal }) => {
      const query = { ...query_of(range), parts: SPARKLINE_PARTS };
      return answered(await api.GET("/otel/services", { params: { query }, signal }));
    },
    staleTime: STALE_MS,
    placeholderData: keepPreviousData,
  });

export const traces_question = (filter: string, range: TimeRange) =>
  infiniteQueryOptions({
    queryKey: ["traces", filter, range],
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        filter,
        limit: TRACES_PER_PAGE,
        ...query_of(range),
        ...(pageParam !== "" && { cursor: pageParam }),
      };
      return answered(await api.GET("/otel/traces", { params: { query }, signal }));
    },
    initialPageParam: "",
    getNextPageParam: ({ next_cursor }) => next_cursor,
    staleTime: STALE_MS,
  });

export const counts_question = (filter: string, range: TimeRange) =>
  queryOptions({
    queryKey: ["counts", filter, range],
    queryFn: async ({ signal }) => {
      const query = { filter, parts: CHART_PARTS, ...query_of(range) };
      return answered(await api.GET("/otel/traces/counts", { params: { query }, signal }));
    },
    staleTime: STALE_MS,
    placeholderData: keepPreviousData,
  });

export const attribute_keys_question = () =>
  queryOptions({
    queryKey: ["attribute keys"],
    queryFn: async ({ signal }) => {
      const keys = (level: "span" | "resource") =>
        api.GET("/otel/attributes", { params: { query: { level, limit: NAMES_MAX } }, signal }).then(answered);
      const [span, resource] = await Promise.all([keys("span"), keys("resource")]);
      const named = (level: string) => (key: string) =>
        `${level}.${/^[\w.\-/:]+$/.test(key) ? key : JSON.stringify(key)}`;
      return [...span.map(named("span")), ...resource.map(named("resource"))];
    },
    staleTime: 60_000,
  });

export const attribute_values_question = (level: "span" | "resource", key: string, prefix: string) =>
  queryOptions({
    queryKey: ["attribute values", level, key, prefix],
    queryFn: async ({ signal }) => {
      const query = { level, key, prefix, limit: 20 };
      return answered(await api.GET("/otel/attributes", { params: { query }, signal }));
    },
    staleTime: 60_000,
  });

export const service_names_question = () =>
  queryOptions({
    queryKey: ["service names"],
    queryFn: async ({ signal }) => answered(await api.GET("/otel/span_service_names", { signal })),
    staleTime: STALE_MS,
  });

export const prices_question = () =>
  queryOptions({
    queryKey: ["model prices"],
    queryFn: async ({ signal }) => answered(await api.GET("/otel/model_prices", { signal })),
    staleTime: Infinity,
  });

/** Spans of the traces that have a turn of a conversation, the newest of them. */
export const conversation_question = (id: string) =>
  queryOptions({
    queryKey: ["conversation", id],
    queryFn: async ({ signal }) => {
      const value = JSON.stringify(id);
      const filter = `.gen_ai.conversation.id = ${value} or .session.id = ${value}`;
      const query = { filter, limit: CONVERSATION_TRACES_MAX };
      const { traces } = answered(await api.GET("/otel/traces", { params: { query }, signal }));
      const spans = traces.map(({ trace_id }) => spans_of(trace_id, signal));
      return Promise.all(spans);
    },
    staleTime: STALE_MS,
  });

/** Other runs of a workflow, to compare one with. */
export const sibling_runs_question = (service_name: string, name: string) =>
  queryOptions({
    queryKey: ["runs", service_name, name],
    queryFn: async ({ signal }) => {
      const filter = `workflow and service = ${JSON.stringify(service_name)} and name = ${JSON.stringify(name)}`;
      const query = { filter, limit: SIBLING_RUNS_MAX };
      return answered(await api.GET("/otel/traces", { params: { query }, signal })).traces;
    },
    staleTime: STALE_MS,
  });

export const trace_question = (trace_id: string) =>
  queryOptions({
    queryKey: ["trace", trace_id],
    queryFn: async ({ signal }) => {
      const [ended, pending] = await Promise.all([
        spans_of(trace_id, signal),
        pending_spans({ trace_id, limit: PENDING_OF_TRACE_MAX }, signal),
      ]);
      return with_pending(ended, pending, Date.now());
    },
    staleTime: STALE_MS,
    refetchInterval: ({ state }) => (state.data?.some(({ pending }) => pending === "running") ? PENDING_MS : false),
  });

/** What has not ended, newest first. */
export const pending_question = () =>
  queryOptions({
    queryKey: ["pending"],
    queryFn: ({ signal }) => pending_spans({ limit: PENDING_MAX }, signal),
    refetchInterval: PENDING_MS,
  });

async function spans_of(trace_id: string, signal: AbortSignal): Promise<SpanRow[]> {
  const params = { path: { trace_id } };
  const answer = await api.GET("/otel/trace/{trace_id}/nested_spans", { params, signal, ...AS_TEXT });
  return answered_exactly(answer) as SpanRow[];
}

async function pending_spans(query: { trace_id?: string; limit: number }, signal: AbortSignal): Promise<PendingRow[]> {
  const answer = await api.GET("/otel/pending_spans", { params: { query }, signal, ...AS_TEXT });
  return answered_exactly(answer) as PendingRow[];
}
