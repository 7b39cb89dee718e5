import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Logger } from "../../observe/index.ts";
import * as questions from "../../query/index.ts";
import type { Operation, SpanStore } from "../../store/index.ts";
import { problem } from "../problems.ts";
import { encoded, stream_response } from "../stream-response.ts";
import { EMPTY } from "./errors.ts";
import { find_traces, ids_of } from "./find-traces.ts";
import { LIMIT_INITIAL, range_of } from "./parameters.ts";
import * as routes from "./routes.ts";
import { search_filter } from "./search-filter.ts";
import { traces_json } from "./traces-json.ts";

const ALL = { limit: null, offset: 0 };
const OPERATIONS_MAX = 10_000;
const JSON_HEADERS = { "content-type": "application/json" };

/** What Jaeger's page and Grafana's data source for it ask: Jaeger's JSON API, which is documented by its source alone. */
export function add_jaeger_questions(app: OpenAPIHono, store: SpanStore, logger: Logger): void {
  app.openapi(routes.SERVICES, async (context) => {
    const { names } = await questions.service_names(store, ALL);
    return context.json(list(names), 200);
  });
  app.openapi(routes.SERVICE_OPERATIONS, async (context) => {
    const { service_name } = context.req.valid("param");
    const operations = await questions.operations(store, service_name, OPERATIONS_MAX);
    return context.json(list([...new Set(operations.map(({ name }) => name))]), 200);
  });
  app.openapi(routes.OPERATIONS, async (context) => {
    const { service, spanKind } = context.req.valid("query");
    return context.json(list(await operations_of(store, service, spanKind)), 200);
  });
  app.openapi(routes.TRACES_FOUND, async (context) => {
    const {
      tag,
      tags,
      traceID,
      minDuration,
      maxDuration,
      limit = LIMIT_INITIAL,
      ...query
    } = context.req.valid("query");
    const filter = search_filter({
      ...query,
      tags: new Map([...tag, ...(tags ?? [])]),
      duration_min_ns: minDuration,
      duration_max_ns: maxDuration,
    });
    const found = traceID.length > 0 ? traceID : ids_of(await find_traces(store, filter, range_of(query), limit));
    return stream_response(context, encoded(traces_json(store, found, traceID.length > 0)), JSON_HEADERS, logger);
  });
  app.openapi(routes.TRACE_OF_ID, async (context) => {
    const { trace_id } = context.req.valid("param");
    if (!(await has_trace(store, trace_id))) return problem("trace_not_found", trace_id);
    return stream_response(context, encoded(traces_json(store, [trace_id], true)), JSON_HEADERS, logger);
  });
  app.openapi(routes.DEPENDENCIES, async (context) => {
    const { service, ...range } = context.req.valid("query");
    const calls = await questions.dependencies(store, range);
    const wanted = calls.filter(({ parent, child }) => service === undefined || [parent, child].includes(service));
    const data = wanted.map(({ call_count: callCount, ...between }) => ({ ...between, callCount }));
    return context.json({ ...list(data), total: 0 }, 200);
  });
}

const list = <Item>(data: Item[]) => ({ ...EMPTY, data, total: data.length });

/** By the names that Jaeger has for kinds; none is that of spans that have none. */
export async function operations_of(
  store: SpanStore,
  service_name: string,
  kind: string | undefined,
): Promise<{ name: string; spanKind: string }[]> {
  const operations = (await questions.operations(store, service_name, OPERATIONS_MAX)).map(operation_json);
  return operations.filter(({ spanKind }) => kind === undefined || spanKind === kind);
}

const operation_json = ({ name, kind }: Operation) => ({
  name,
  spanKind: kind === "UNSPECIFIED" ? "" : kind.toLowerCase(),
});

export async function has_trace(store: SpanStore, trace_id: string): Promise<boolean> {
  const { rows } = await questions.trace_spans(store, trace_id, { limit: 1, offset: 0 });
  const first = await rows.next();
  await rows.return?.();
  return !first.done;
}
