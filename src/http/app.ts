import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import * as questions from "../query/index.ts";
import type { PageRange, SpanPage, SpanStore } from "../store/index.ts";
import { add_docs } from "./docs/index.ts";
import { openapi_document } from "./openapi.ts";
import { create_operations_app, type OperationsDependencies, refuse_other_methods } from "./operations.ts";
import { problem } from "./problems.ts";
import { row_stream } from "./row-stream.ts";
import * as routes from "./routes.ts";

export type HttpDependencies = OperationsDependencies & { store: SpanStore };

/** The whole API. */
export function create_app(dependencies: HttpDependencies): OpenAPIHono {
  const { store, logger } = dependencies;
  const app = create_operations_app(dependencies);
  const answer_list = async (context: Context, range: PageRange, page: SpanPage): Promise<Response> => {
    const { method, path } = context.req;
    const body = await row_stream(page, (error) => logger.error({ err: error, path }, "rows broke off"));
    if (method === "HEAD") await body.cancel();
    return new Response(method === "HEAD" ? null : body, {
      headers: { "content-type": "application/json", ...next_page(context, range, page.has_more) },
    });
  };

  app.openapi(routes.SERVICE_NAMES, async (context) => {
    const range = context.req.valid("query");
    const { names, has_more } = await questions.service_names(store, range);
    return context.json(names, 200, next_page(context, range, has_more));
  });
  app.openapi(routes.ROOT_SPANS, async (context) => {
    const range = context.req.valid("query");
    const { service_name } = context.req.valid("param");
    return answer_list(context, range, await questions.root_spans(store, service_name, range));
  });
  app.openapi(routes.LLM_ROOT_SPANS, async (context) => {
    const range = context.req.valid("query");
    const { service_name } = context.req.valid("param");
    return answer_list(context, range, await questions.llm_root_spans(store, service_name, range));
  });
  app.openapi(routes.TRACE_SPANS, async (context) => {
    const range = context.req.valid("query");
    const { trace_id } = context.req.valid("param");
    return answer_list(context, range, await questions.trace_spans(store, trace_id, range));
  });
  app.openapi(routes.SPAN, async (context) => {
    const { trace_id, span_id } = context.req.valid("param");
    const row = await questions.span(store, trace_id, span_id);
    if (row === null) return problem("span_not_found", `no span ${span_id} in trace ${trace_id}`);
    return new Response(row, { headers: { "content-type": "application/json" } });
  });
  app.openapi(routes.WORKFLOW_SPANS, async (context) => {
    const range = context.req.valid("query");
    const { service_name } = context.req.valid("param");
    return answer_list(context, range, await questions.workflow_spans(store, service_name, range));
  });

  app.get("/openapi.json", (context) => context.json(openapi_document()));
  add_docs(app);
  refuse_other_methods(app);
  return app;
}

/** The next page, as a reference relative to this one: what stands in front of the server is not known here. */
function next_page(context: Context, { limit, offset }: PageRange, has_more: boolean): Record<string, string> {
  if (!has_more || limit === null) return {};
  const { pathname } = new URL(context.req.url);
  return { link: `<${pathname}?limit=${limit}&offset=${offset + limit}>; rel="next"` };
}
