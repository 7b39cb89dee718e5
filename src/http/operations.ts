import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { type AccessControl, DENIALS, presented_key } from "../access/index.ts";
import type { Logger, Metrics } from "../observe/index.ts";
import type { StoreError } from "../store/index.ts";
import { problems_as_in_jaeger } from "./jaeger/errors.ts";
import { measure_requests } from "./measure-requests.ts";
import { filter_place, problem, type ProblemName } from "./problems.ts";
import * as routes from "./routes.ts";

export type OperationsDependencies = {
  /** What is still to come before this server can do its work; empty when it is ready. */
  waiting_for: () => readonly string[];
  /** Prometheus text of the whole process. */
  render_metrics: () => Promise<string>;
  access: AccessControl;
  metrics: Metrics;
  logger: Logger;
};

const DENIED = { unauthenticated: "key_required", forbidden: "key_lacks_scope" } as const;

/** Health, readiness and metrics, and what every route has: keys, headers, problems for what goes wrong. */
export function create_operations_app({
  waiting_for,
  render_metrics,
  access,
  metrics,
  logger,
}: OperationsDependencies): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook: (result) => (result.success ? undefined : invalid_parameters(result.error.issues)),
  });
  const require_key: MiddlewareHandler = async (context, next) => {
    const key = presented_key((name) => context.req.header(name));
    // Whoever removes spans must be one who may send them, too: a key for looking at them is not enough.
    const scopes = context.req.method === "DELETE" ? (["ingest", "read"] as const) : (["read"] as const);
    const decision = scopes.map((scope) => access.check(key, scope)).find((found) => found !== "allowed") ?? "allowed";
    return decision === "allowed" ? next() : problem(DENIED[decision], DENIALS[decision]);
  };

  app.use(measure_requests(metrics));
  app.use(async (context, next) => {
    await next();
    context.res.headers.set("x-content-type-options", "nosniff");
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
  });
  app.use("/otel/*", require_key);
  app.use("/sql", require_key);
  app.use("/api/*", problems_as_in_jaeger);
  app.use("/api/*", require_key);
  app.use("/metrics", require_key);

  app.openapi(routes.HEALTH, (context) => context.json({ status: "ok" }, 200));
  app.openapi(routes.READINESS, (context) => {
    const missing = [...waiting_for()];
    if (missing.length === 0) return context.json({ status: "ok" }, 200);
    return problem("not_ready", `waiting for ${missing.join(", ")}`, { waiting_for: missing });
  });
  app.openapi(routes.METRICS, async (context) =>
    context.text(await render_metrics(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );

  app.notFound(({ req }) => problem("path_not_found", req.path));
  app.onError((error, { req }) => {
    const name = STORE_PROBLEMS[store_error_code(error) ?? ""];
    if (name === "sql_refused" && req.path !== "/sql") {
      return problem("invalid_parameter", error.message, { errors: [{ parameter: "filter", detail: error.message }] });
    }
    if (name !== "sql_refused") logger.error({ err: error, path: req.path }, "a request failed");
    if (name !== undefined) return problem(name, DETAILS[name] ?? error.message);
    return problem("internal", "the log says why");
  });
  return app;
}

/** Answers every other method at the paths that the app has by now. */
export function refuse_other_methods(app: OpenAPIHono): void {
  const routes = app.routes.filter(({ method }) => ["GET", "POST", "DELETE"].includes(method));
  for (const [path, of_path] of Map.groupBy(routes, ({ path }) => path)) {
    const methods = new Set(of_path.flatMap(({ method }) => (method === "GET" ? ["GET", "HEAD"] : [method])));
    const allow = [...methods].join(", ");
    app.all(path, ({ req }) => problem("method_not_allowed", `${req.method} ${req.path}`, {}, { allow }));
  }
}

type Issue = { path: PropertyKey[]; message: string; params?: unknown };

function invalid_parameters(issues: readonly Issue[]): Response {
  const errors = issues.map(({ path, message, params }) => ({
    parameter: path.join("."),
    detail: message,
    ...filter_place(params),
  }));
  const detail = errors.map(({ parameter, detail }) => `${parameter}: ${detail}`).join("; ");
  return problem("invalid_parameter", detail, { errors });
}

/** What the store says and the client may hear; the rest is internal. */
const STORE_PROBLEMS: Record<string, ProblemName | undefined> = {
  unavailable: "store_unavailable",
  closed: "store_unavailable",
  overloaded: "store_unavailable",
  timeout: "query_timeout",
  refused: "sql_refused",
} satisfies Partial<Record<StoreError["code"], ProblemName>>;

const DETAILS: Partial<Record<ProblemName, string>> = { store_unavailable: "try again in a moment" };

/** By name: importing the class would load DuckDB, and this room is also there to print the OpenAPI document. */
const store_error_code = (error: Error): string | null =>
  error.name === "StoreError" && "code" in error ? String(error.code) : null;
