import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { stringify } from "lossless-json";
import type { ModelPrice } from "../config/index.ts";
import * as questions from "../query/index.ts";
import type { PageRange, RowKey, SpanPage, SpanStore } from "../store/index.ts";
import { encode_cursor } from "./cursor.ts";
import { add_docs } from "./docs/index.ts";
import { add_jaeger_questions } from "./jaeger/app.ts";
import { add_jaeger_v3_questions } from "./jaeger/v3-app.ts";
import { add_studio_questions } from "./junjo-studio/app.ts";
import { openapi_document } from "./openapi.ts";
import { create_operations_app, type OperationsDependencies, refuse_other_methods } from "./operations.ts";
import { problem } from "./problems.ts";
import { rows_response } from "./row-stream.ts";
import * as routes from "./routes.ts";
import { add_trace_questions } from "./trace-app.ts";
import { MODEL_PRICES_ROUTE } from "./trace-routes.ts";

export type HttpDependencies = OperationsDependencies & {
  store: SpanStore;
  /** Resolves when all that was accepted before is stored; to false when that takes too long to wait for. */
  caught_up?: () => Promise<boolean>;
  /** Answers requests for the web page; null: it is none. */
  answer_page?: (request: Request) => Promise<Response | null>;
  /** What the page counts costs by. */
  model_prices?: readonly ModelPrice[];
};

/** What begins so is asked for by programs, and is never an address within the page. */
const API_PATH = /^\/(otel|api|sql)(\/|$)/;

const BEHIND = "spans that were accepted before are still being stored: try again";

/** The whole API. */
export function create_app(dependencies: HttpDependencies): OpenAPIHono {
  const { store, logger, answer_page } = dependencies;
  const app = create_operations_app(dependencies);
  const answer_list = async (
    context: Context,
    query: ListQuery,
    ask: (range: PageRange) => Promise<SpanPage>,
  ): Promise<Response> => {
    const page = await ask(range_of(query));
    return rows_response(context, page, logger, next_page(context, next_of(query, page)));
  };

  app.openapi(routes.SERVICE_NAMES, async (context) => {
    const { limit, offset = 0 } = context.req.valid("query");
    const { names, has_more } = await questions.service_names(store, { limit, offset });
    const next = has_more && limit !== null ? { limit: String(limit), offset: String(offset + limit) } : null;
    return context.json(names, 200, next_page(context, next));
  });
  app.openapi(routes.ROOT_SPANS, async (context) => {
    const { service_name } = context.req.valid("param");
    return answer_list(context, context.req.valid("query"), (range) =>
      questions.root_spans(store, service_name, range),
    );
  });
  app.openapi(routes.LLM_ROOT_SPANS, async (context) => {
    const { service_name } = context.req.valid("param");
    return answer_list(context, context.req.valid("query"), (range) =>
      questions.llm_root_spans(store, service_name, range),
    );
  });
  app.openapi(routes.TRACE_SPANS, async (context) => {
    const { trace_id } = context.req.valid("param");
    return answer_list(context, context.req.valid("query"), (range) => questions.trace_spans(store, trace_id, range));
  });
  app.openapi(routes.SPAN, async (context) => {
    const { trace_id, span_id } = context.req.valid("param");
    const row = await questions.span(store, trace_id, span_id);
    if (row === null) return problem("span_not_found", `no span ${span_id} in trace ${trace_id}`);
    return new Response(row, { headers: { "content-type": "application/json" } });
  });
  app.openapi(routes.WORKFLOW_SPANS, async (context) => {
    const { service_name } = context.req.valid("param");
    return answer_list(context, context.req.valid("query"), (range) =>
      questions.workflow_spans(store, service_name, range),
    );
  });

  app.openapi(routes.SQL, async (context) => {
    const answer = await questions.sql(store, context.req.valid("json").sql);
    return new Response(stringify(answer), { headers: { "content-type": "application/json" } });
  });
  app.openapi(routes.DELETE_TRACE, async (context) => {
    const { trace_id } = context.req.valid("param");
    // What was acknowledged before this question would else come back when its turn is there.
    if ((await dependencies.caught_up?.()) === false) return problem("store_unavailable", BEHIND);
    return context.json({ deleted_spans: await questions.delete_trace(store, trace_id) }, 200);
  });

  add_trace_questions(app, store, logger);
  app.openapi(MODEL_PRICES_ROUTE, (context) => context.json([...(dependencies.model_prices ?? [])], 200));
  add_studio_questions(app, store, logger);
  add_jaeger_questions(app, store, logger);
  add_jaeger_v3_questions(app, store, logger);

  app.get("/openapi.json", (context) => context.json(openapi_document()));
  add_docs(app);
  refuse_other_methods(app);
  // Addresses within the page are no routes of the API: what is a route comes first.
  app.notFound(async ({ req }) => {
    const page = API_PATH.test(req.path) ? null : await answer_page?.(req.raw);
    return page ?? problem("path_not_found", req.path);
  });
  return app;
}

type ListQuery = {
  limit: number | null;
  offset?: number | undefined;
  since?: bigint | undefined;
  until?: bigint | undefined;
  cursor?: RowKey | undefined;
};

const range_of = ({ limit, offset = 0, since, until, cursor }: ListQuery): PageRange => ({
  limit,
  offset,
  since_us: since ?? null,
  until_us: until ?? null,
  after: cursor ?? null,
});

/** What of the query is another on the next page. Whoever counts rows goes on counting; others get a cursor. */
function next_of({ limit, offset }: ListQuery, { next }: SpanPage): Record<string, string> | null {
  if (next === null || limit === null) return null;
  const size = { limit: String(limit) };
  return offset === undefined ? { ...size, cursor: encode_cursor(next) } : { ...size, offset: String(offset + limit) };
}

/** The next page, as a reference relative to this one: what stands in front of the server is not known here. */
function next_page(context: Context, changed: Record<string, string> | null): Record<string, string> {
  if (changed === null) return {};
  const { pathname, searchParams } = new URL(context.req.url);
  for (const [name, value] of Object.entries(changed)) searchParams.set(name, value);
  return { link: `<${pathname}?${searchParams.toString()}>; rel="next"` };
}
