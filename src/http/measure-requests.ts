import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { Metrics } from "../observe/index.ts";

/** Counts and times requests by route template, so that ids and names in paths do not become labels. */
export function measure_requests(metrics: Metrics): MiddlewareHandler {
  const labels = ["route", "status"] as const;
  const requests = metrics.counter("http_requests_total", "Requests answered by the query API.", labels);
  const seconds = metrics.histogram(
    "http_request_duration_seconds",
    "From a request to its first row, or to its answer if it has no rows.",
    ["route"],
  );
  return async (context, next) => {
    const started_ms = performance.now();
    await next();
    const route = matchedRoutes(context).findLast(({ path }) => !path.endsWith("*"))?.path ?? "unknown";
    requests.inc({ route, status: context.res.status });
    seconds.observe({ route }, (performance.now() - started_ms) / 1000);
  };
}
