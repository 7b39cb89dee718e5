import type { OpenAPIHono } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { iso_time_text } from "../decode/index.ts";
import type { Logger } from "../observe/index.ts";
import * as questions from "../query/index.ts";
import type { SpanStore, TimeParts } from "../store/index.ts";
import { encode_trace_cursor } from "./search-parameters.ts";
import { stream_response } from "./stream-response.ts";
import * as routes from "./trace-routes.ts";
import { tail_response } from "./tail.ts";
import { pending_span_json, state_patch_json, trace_json } from "./trace-schemas.ts";

const HOUR_US = 3_600_000_000n;
const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";

/** What traces are searched for by, and what is shown of one besides its spans. */
export function add_trace_questions(app: OpenAPIHono, store: SpanStore, logger: Logger): void {
  app.openapi(routes.SEARCH, async (context) => {
    const { filter, limit, since, until, cursor } = context.req.valid("query");
    const range = { limit, since_us: since ?? null, until_us: until ?? null, after: cursor ?? null };
    const { traces, next } = await questions.search(store, filter, range);
    const next_cursor = next === null ? null : encode_trace_cursor(next);
    return context.json({ traces: traces.map(trace_json), next_cursor }, 200);
  });
  app.openapi(routes.TAIL, (context) => tail_response(context, store, context.req.valid("query").filter, logger));
  app.openapi(routes.SPAN_COUNTS, async (context) => {
    const query = context.req.valid("query");
    const parts = time_parts(query);
    return context.json({ ...times_of(parts), parts: await questions.count_spans(store, query.filter, parts) }, 200);
  });
  app.openapi(routes.SERVICE_FIGURES, async (context) => {
    const parts = time_parts(context.req.valid("query"));
    const services = (await questions.services(store, parts)).map(({ last_seen_us, ...service }) => ({
      ...service,
      last_seen: last_seen_us === null ? null : iso_time_text(last_seen_us),
    }));
    return context.json({ ...times_of(parts), services }, 200);
  });
  app.openapi(routes.ATTRIBUTES, async (context) => {
    const { level, key, prefix, limit } = context.req.valid("query");
    const names =
      key === undefined
        ? await questions.attribute_keys(store, level, limit)
        : await questions.attribute_values(store, { level, key }, prefix, limit);
    return context.json(names, 200);
  });
  app.openapi(routes.PENDING_SPANS, async (context) => {
    const { service_name = null, trace_id = null, limit } = context.req.valid("query");
    const spans = await questions.pending_spans(store, { service_name, trace_id, limit });
    const body = `[${spans.map(pending_span_json).join(",")}]`;
    return new Response(body, { headers: { "content-type": JSON_TYPE } });
  });
  app.openapi(routes.TRACE_STATE_PATCHES, async (context) => {
    const patches = await questions.state_patches(store, context.req.valid("param").trace_id);
    const body = `[${patches.map(state_patch_json).join(",")}]`;
    return new Response(body, { headers: { "content-type": JSON_TYPE } });
  });
  app.openapi(routes.TRACE_OTLP, async (context) => {
    const { trace_id } = context.req.valid("param");
    const type = accepts(context, { header: "Accept", supports: [JSON_TYPE, PROTOBUF], default: JSON_TYPE });
    const pieces = questions.trace_request(store, [trace_id], type === PROTOBUF ? "protobuf" : "json");
    return stream_response(context, pieces, { "content-type": type, vary: "accept" }, logger);
  });
}

type PartsQuery = { since?: bigint | undefined; until?: bigint | undefined; parts: number };

function time_parts({ since, until, parts }: PartsQuery): TimeParts {
  const until_us = until ?? BigInt(Date.now()) * 1000n;
  const since_us = since ?? until_us - HOUR_US;
  // Turned round, no span starts in it.
  return { since_us: since_us < until_us ? since_us : until_us, until_us, part_count: parts };
}

const times_of = ({ since_us, until_us }: TimeParts) => ({
  since: iso_time_text(since_us),
  until: iso_time_text(until_us),
});
