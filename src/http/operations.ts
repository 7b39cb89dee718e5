import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { type AccessControl, DENIALS, presented_key } from "../access/index.ts";
import type { Logger, Metrics } from "../observe/index.ts";
import type { StoreError } from "../store/index.ts";
import { measure_requests } from "./measure-requests.ts";
import { problem } from "./problems.ts";
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
    const decision = access.check(
      presented_key((name) => context.req.header(name)),
      "read",
    );
    return decision === "allowed" ? next() : problem(DENIED[decision], DENIALS[decision]);
  };

  app.use(measure_requests(metrics));
  app.use(async (context, next) => {
    await next();
    context.res.headers.set("x-content-type-options", "nosniff");
    if (!context.res.headers.has("cache-control")) context.res.headers.set("cache-control", "no-store");
  });
  app.use("/otel/*", require_key);
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
    logger.error({ err: error, path: req.path }, "a request failed");
    if (is_unavailable(error)) return problem("store_unavailable", "try again in a moment");
    return problem("internal", "the log says why");
  });
  return app;
}

/** Answers every other method at the paths that the app has by now. */
export function refuse_other_methods(app: OpenAPIHono): void {
  for (const path of new Set(app.routes.filter(({ method }) => method === "GET").map(({ path }) => path))) {
    app.all(path, ({ req }) => problem("method_not_allowed", `${req.method} ${req.path}`, {}, { allow: "GET, HEAD" }));
  }
}

function invalid_parameters(issues: readonly { path: PropertyKey[]; message: string }[]): Response {
  const errors = issues.map(({ path, message }) => ({ parameter: path.join("."), detail: message }));
  const detail = errors.map(({ parameter, detail }) => `${parameter}: ${detail}`).join("; ");
  return problem("invalid_parameter", detail, { errors });
}

/** By name: importing the class would load DuckDB, and this room is also there to print the OpenAPI document. */
function is_unavailable(error: Error): boolean {
  const codes: unknown[] = ["unavailable", "closed"] satisfies StoreError["code"][];
  return error.name === "StoreError" && "code" in error && codes.includes(error.code);
}
