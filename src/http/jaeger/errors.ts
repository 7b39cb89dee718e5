import { z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { PROBLEMS, type ProblemName } from "../problems.ts";

const V3 = /^\/api\/v3(\/|$)/;
const OTHERS = /^\/api\/v1(\/|$)/;

/** Shows problems as Jaeger's clients read them: those of its JSON API, and of its third, each in their own way. */
export const problems_as_in_jaeger: MiddlewareHandler = async (context, next) => {
  await next();
  const { res, req } = context;
  if (OTHERS.test(req.path) || res.headers.get("content-type") !== "application/problem+json") return;
  const { status, title, detail } = (await res.json()) as { status: number; title: string; detail: string };
  const message = `${title}: ${detail}`;
  const body = V3.test(req.path) ? v3_error(status, message) : { ...EMPTY, errors: [{ code: status, msg: message }] };
  const headers = new Headers(res.headers);
  headers.set("content-type", "application/json");
  context.res = undefined;
  context.res = Response.json(body, { status, headers });
};

const v3_error = (status: number, message: string) => ({ error: { httpCode: status, message } });

/** What stands around Jaeger's data. The numbers are there for its clients; they say nothing. */
export const EMPTY = { data: null, total: 0, limit: 0, offset: 0, errors: null };

const ERRORS = z
  .array(z.object({ code: z.int().optional(), msg: z.string(), traceID: z.string().optional() }))
  .nullable();

/** An answer of the JSON API. */
export const structured = (data: z.ZodType) =>
  z.object({ data, total: z.int(), limit: z.int(), offset: z.int(), errors: ERRORS });

const V3_ERROR = z.object({ error: z.object({ httpCode: z.int(), message: z.string() }) });

const NAMES: ProblemName[] = [
  "invalid_parameter",
  "key_required",
  "key_lacks_scope",
  "internal",
  "store_unavailable",
  "query_timeout",
];

const errors = (schema: z.ZodType, names: readonly ProblemName[]) =>
  Object.fromEntries(
    names.map((name) => [
      PROBLEMS[name].status,
      { description: PROBLEMS[name].title, content: { "application/json": { schema } } },
    ]),
  );

export const JAEGER_ERRORS = errors(structured(z.null()), NAMES);
export const JAEGER_TRACE_ERRORS = errors(structured(z.null()), [...NAMES, "trace_not_found"]);
export const V3_ERRORS = errors(V3_ERROR, NAMES);
export const V3_TRACE_ERRORS = errors(V3_ERROR, [...NAMES, "trace_not_found"]);
