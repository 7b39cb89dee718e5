import { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, MiddlewareHandler } from "hono";
import { presented_key, type KeyCheck } from "../access/index.ts";
import type { Logger, Metrics } from "../observe/index.ts";
import * as questions from "../query/index.ts";
import type { PageRange, SpanPage, SpanStore, StoreError } from "../store/index.ts";
import { add_docs } from "./docs/index.ts";
import { measure_requests } from "./measure-requests.ts";
import { openapi_document } from "./openapi.ts";
import { problem } from "./problems.ts";
import { row_stream } from "./row-stream.ts";
import * as routes from "./routes.ts";

export type HttpDependencies = {
  store: SpanStore;
  /** What is still to come before this server can do its work; empty when it is ready. */
  waiting_for: () => readonly string[];
  /** Prometheus text of the whole process. */
  render_metrics: () => Promise<string>;
  key_check: KeyCheck;
  metrics: Metrics;
  logger: Logger;
};

export function create_app({ store, waiting_for, render_metrics, key_check, metrics, logger }: HttpDependencies) {
  const app = new OpenAPIHono({
    defaultHook: (result) => (result.success ? undefined : invalid_parameters(result.error.issues)),
  });
  const require_key: MiddlewareHandler = async (context, next) => {
    if (key_check(presented_key((name) => context.req.header(name)))) return next();
    return problem("key_required", "show one as x-junjo-api-key, x-api-key or authorization: Bearer");
  };
  const answer_list = async (context: Context, range: PageRange, page: SpanPage): Promise<Response> => {
    const body = await row_stream(page, (error) =>
      logger.error({ err: error, path: context.req.path }, "rows broke off"),
    );
    if (context.req.method === "HEAD") await body.cancel();
    return new Response(context.req.method === "HEAD" ? null : body, {
      headers: { "content-type": "application/json", ...next_page(context, range, page.has_more) },
    });
  };

  app.use(measure_requests(metrics));
  app.use(async (context, next) => {
    await next();
    context.res.headers.set("x-content-type-options", "nosniff");
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
  });
  app.use("/otel/*", require_key);
  app.use("/metrics", require_key);

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

  app.openapi(routes.HEALTH, (context) => context.json({ status: "ok" as const }, 200));
  app.openapi(routes.READINESS, (context) => {
    const missing = [...waiting_for()];
    if (missing.length === 0) return context.json({ status: "ok" as const }, 200);
    return problem("not_ready", `waiting for ${missing.join(", ")}`, { waiting_for: missing });
  });
  app.openapi(routes.METRICS, async (context) =>
    context.text(await render_metrics(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
  app.get("/openapi.json", (context) => context.json(openapi_document()));
  add_docs(app);

  for (const path of new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path))) {
    app.all(path, ({ req }) => problem("method_not_allowed", `${req.method} ${req.path}`, {}, { allow: "GET, HEAD" }));
  }
  app.notFound(({ req }) => problem("path_not_found", req.path));
  app.onError((error, { req }) => {
    logger.error({ err: error, path: req.path }, "a request failed");
    if (is_unavailable(error)) return problem("store_unavailable", "try again in a moment");
    return problem("internal", "the log says why");
  });
  return app;
}

function invalid_parameters(issues: readonly { path: PropertyKey[]; message: string }[]): Response {
  const errors = issues.map(({ path, message }) => ({ parameter: path.join("."), detail: message }));
  const detail = errors.map(({ parameter, detail }) => `${parameter}: ${detail}`).join("; ");
  return problem("invalid_parameter", detail, { errors });
}

/** The next page, as a reference relative to this one: what stands in front of the server is not known here. */
function next_page(context: Context, { limit, offset }: PageRange, has_more: boolean): Record<string, string> {
  if (!has_more || limit === null) return {};
  const { pathname } = new URL(context.req.url);
  return { link: `<${pathname}?limit=${limit}&offset=${offset + limit}>; rel="next"` };
}

/** By name: importing the class would load DuckDB, and this room is also there to print the OpenAPI document. */
function is_unavailable(error: Error): boolean {
  const codes: unknown[] = ["unavailable", "closed"] satisfies StoreError["code"][];
  return error.name === "StoreError" && "code" in error && codes.includes(error.code);
}
