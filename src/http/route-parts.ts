import { z } from "@hono/zod-openapi";
import { PROBLEM_SCHEMA, PROBLEMS, type ProblemName } from "./problems.ts";

type Content = Record<string, { schema: z.ZodType }>;

/** Content of unstated type: rows come as text from the store, so that there is no typed JSON for a handler to return. */
export const json = (schema: z.ZodType, description: string): { description: string; content: Content } => ({
  description,
  content: { "application/json": { schema } },
});

/** A list's answer: where there is more, Link says where. */
export const list_of = (schema: z.ZodType, description: string) => ({
  ...json(z.array(schema), description),
  headers: z.object({
    Link: z.string().optional().openapi({ description: 'where there is more: the next page, rel="next"' }),
  }),
});

export const problems = (...names: ProblemName[]) =>
  Object.fromEntries(
    names.map((name) => [
      PROBLEMS[name].status,
      { description: PROBLEMS[name].title, content: { "application/problem+json": { schema: PROBLEM_SCHEMA } } },
    ]),
  );

export const DATA_PROBLEMS = problems(
  "invalid_parameter",
  "key_required",
  "key_lacks_scope",
  "internal",
  "store_unavailable",
  "query_timeout",
);

/** Keys are asked for only when the server has some. */
export const DATA_SECURITY: Record<string, string[]>[] = [{ junjo_api_key: [] }, { api_key: [] }, { bearer: [] }, {}];

export const question = { method: "get" as const, tags: ["questions"], security: DATA_SECURITY };
