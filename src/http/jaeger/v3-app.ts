import type { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { Logger } from "../../observe/index.ts";
import * as questions from "../../query/index.ts";
import type { SpanStore } from "../../store/index.ts";
import { problem } from "../problems.ts";
import { stream_response } from "../stream-response.ts";
import { has_trace, operations_of } from "./app.ts";
import { find_traces, ids_of } from "./find-traces.ts";
import { LIMIT_INITIAL, range_of, type V3_SEARCH_QUERY } from "./parameters.ts";
import { search_filter } from "./search-filter.ts";
import { summary_json } from "./summary-json.ts";
import * as routes from "./v3-routes.ts";

const ALL = { limit: null, offset: 0 };
const JSON_HEADERS = { "content-type": "application/json" };
const encoder = new TextEncoder();

/** Jaeger's API of the third version, over HTTP: the same in OTLP's JSON, in the envelope that its gateway puts around it. */
export function add_jaeger_v3_questions(app: OpenAPIHono, store: SpanStore, logger: Logger): void {
  const answer = (context: Context, trace_ids: readonly string[]) =>
    stream_response(context, enveloped(questions.trace_request(store, trace_ids, "json")), JSON_HEADERS, logger);

  const found = ({ limit = LIMIT_INITIAL, ...query }: z.infer<typeof V3_SEARCH_QUERY>) =>
    find_traces(store, search_filter(query), range_of(query), limit);

  app.openapi(routes.V3_SERVICES, async (context) => {
    const { names: services } = await questions.service_names(store, ALL);
    return context.json({ services }, 200);
  });
  app.openapi(routes.V3_OPERATIONS, async (context) => {
    const { service, spanKind, span_kind } = context.req.valid("query");
    const found = await operations_of(store, service, spanKind ?? span_kind);
    // As Jaeger's gateway has it, which knows no kind that is none.
    const operations = found.map(({ name, spanKind }) => ({ name, spanKind: spanKind === "" ? "internal" : spanKind }));
    return context.json({ operations }, 200);
  });
  app.openapi(routes.V3_TRACES_FOUND, async (context) => {
    return answer(context, ids_of(await found(context.req.valid("query"))));
  });
  app.openapi(routes.V3_TRACE_SUMMARIES, async (context) => {
    const summaries = (await found(context.req.valid("query"))).map(summary_json);
    return context.json({ summaries }, 200);
  });
  app.openapi(routes.V3_DEPENDENCIES, async (context) => {
    const calls = await questions.dependencies(store, context.req.valid("query"));
    const dependencies = calls.map(({ call_count, ...between }) => ({ ...between, callCount: String(call_count) }));
    return context.json({ dependencies }, 200);
  });
  app.openapi(routes.V3_TRACE, async (context) => {
    const { trace_id } = context.req.valid("param");
    return (await has_trace(store, trace_id)) ? answer(context, [trace_id]) : problem("trace_not_found", trace_id);
  });
}

async function* enveloped(request: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  let opening = '{"result":';
  for await (const piece of request) {
    // Not by itself: an answer begins with its first row, and what fails before is an error.
    yield Buffer.concat([encoder.encode(opening), piece]);
    opening = "";
  }
  yield encoder.encode("}");
}
