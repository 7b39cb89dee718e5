import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { with_moved_attributes } from "../../encode/index.ts";
import type { Logger } from "../../observe/index.ts";
import * as questions from "../../query/index.ts";
import type { ListKind, SpanPage, SpanStore } from "../../store/index.ts";
import { rows_response } from "../row-stream.ts";
import * as routes from "./routes.ts";

const ALL = { limit: null, offset: 0 };

/**
 * What the page of Junjo AI Studio asks its own backend. Rows are those of the other routes, with the Junjo attributes among
 * the others too: the page looks for them there.
 */
export function add_studio_questions(app: OpenAPIHono, store: SpanStore, logger: Logger): void {
  const answer = async (context: Context, page: Promise<SpanPage>) =>
    rows_response(context, with_sent_attributes(await page), logger);
  const list = (kind: ListKind, service_name: string, limit: number) =>
    store.list(kind, service_name, { limit, offset: 0 });

  app.openapi(routes.SERVICES, async (context) => {
    const { names } = await questions.service_names(store, ALL);
    return context.json(names, 200);
  });
  app.openapi(routes.SERVICE_SPANS, (context) =>
    answer(context, list("spans", context.req.valid("param").service_name, context.req.valid("query").limit)),
  );
  app.openapi(routes.ROOT_SPANS, (context) => {
    const { limit, has_llm } = context.req.valid("query");
    return answer(context, list(has_llm ? "llm_roots" : "roots", context.req.valid("param").service_name, limit));
  });
  app.openapi(routes.WORKFLOWS, (context) =>
    answer(context, list("workflows", context.req.valid("param").service_name, context.req.valid("query").limit)),
  );
  app.openapi(routes.TRACE_SPANS, (context) =>
    answer(context, questions.trace_spans(store, context.req.valid("param").trace_id, ALL)),
  );
  app.openapi(routes.SPAN, async (context) => {
    const { trace_id, span_id } = context.req.valid("param");
    const row = await questions.span(store, trace_id, span_id);
    const body = row === null ? "null" : with_moved_attributes(row);
    return new Response(body, { headers: { "content-type": "application/json" } });
  });
}

const with_sent_attributes = (page: SpanPage): SpanPage => ({ ...page, rows: rewritten(page.rows) });

/** Closes the rows even where no row was asked for yet, which a generator would not. */
function rewritten(rows: AsyncIterableIterator<string>): AsyncIterableIterator<string> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const row = await rows.next();
      return row.done ? { done: true, value: undefined } : { done: false, value: with_moved_attributes(row.value) };
    },
    async return() {
      await rows.return?.();
      return { done: true, value: undefined };
    },
  };
}
