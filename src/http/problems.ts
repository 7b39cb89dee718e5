import { z } from "@hono/zod-openapi";

/** Every problem there is. The type is part of the contract: clients compare it; titles and details may change. */
export const PROBLEMS = {
  invalid_parameter: { status: 400, type: "/problems/invalid-parameter", title: "A parameter is not valid" },
  sql_refused: { status: 400, type: "/problems/sql-refused", title: "The SQL is not one SELECT that can be answered" },
  key_required: { status: 401, type: "/problems/key-required", title: "An API key is required" },
  key_lacks_scope: { status: 403, type: "/problems/key-lacks-scope", title: "The API key is for something else" },
  path_not_found: { status: 404, type: "/problems/path-not-found", title: "There is nothing at this path" },
  span_not_found: { status: 404, type: "/problems/span-not-found", title: "There is no such span" },
  trace_not_found: { status: 404, type: "/problems/trace-not-found", title: "There is no such trace" },
  method_not_allowed: { status: 405, type: "/problems/method-not-allowed", title: "The method is not allowed here" },
  internal: { status: 500, type: "/problems/internal", title: "The server failed to answer" },
  store_unavailable: { status: 503, type: "/problems/store-unavailable", title: "The store does not answer now" },
  query_timeout: { status: 504, type: "/problems/query-timeout", title: "The question took too long" },
  not_ready: { status: 503, type: "/problems/not-ready", title: "The server is not ready yet" },
} as const;

export type ProblemName = keyof typeof PROBLEMS;

const RETRY_AFTER_SECONDS = "1";

/** Headers that go with a problem wherever it comes up. */
const PROBLEM_HEADERS: Partial<Record<ProblemName, Record<string, string>>> = {
  key_required: { "www-authenticate": 'Bearer realm="junjo-traces"' },
  store_unavailable: { "retry-after": RETRY_AFTER_SECONDS },
  not_ready: { "retry-after": RETRY_AFTER_SECONDS },
};

const FILTER_PLACE = {
  at: z.int().optional().openapi({ description: "filter: at which character it is wrong" }),
  end: z.int().optional().openapi({ description: "filter: up to which" }),
  suggestion: z.string().nullable().optional().openapi({ description: "filter: what was probably meant there" }),
};
/** Where a filter is wrong, of what goes with an issue; nothing of what is about something else. */
export const filter_place = (params: unknown) => z.object(FILTER_PLACE).safeParse(params).data ?? {};

export const PROBLEM_SCHEMA = z
  .object({
    type: z.enum(Object.values(PROBLEMS).map(({ type }) => type)).openapi({ description: "what to compare" }),
    title: z.string().openapi({ description: "the same for every problem of a type" }),
    status: z.int().openapi({ description: "the HTTP status" }),
    detail: z.string().openapi({ description: "what it was this time" }),
    errors: z
      .array(z.object({ parameter: z.string(), detail: z.string(), ...FILTER_PLACE }))
      .optional()
      .openapi({ description: "invalid-parameter: which parameters, and why" }),
    waiting_for: z.array(z.string()).optional().openapi({ description: "not-ready: what is still to come" }),
  })
  .openapi("Problem", {
    description: "An error, as RFC 9457 has it.",
    example: {
      type: "/problems/invalid-parameter",
      title: "A parameter is not valid",
      status: 400,
      detail: "trace_id: expected 32 hex digits",
      errors: [{ parameter: "trace_id", detail: "expected 32 hex digits" }],
    },
  });

type Extension = Pick<z.infer<typeof PROBLEM_SCHEMA>, "errors" | "waiting_for">;

export function problem(
  name: ProblemName,
  detail: string,
  extension: Extension = {},
  headers: Record<string, string> = {},
): Response {
  const { status, type, title } = PROBLEMS[name];
  return Response.json(
    { type, title, status, detail, ...extension },
    { status, headers: { ...PROBLEM_HEADERS[name], ...headers, "content-type": "application/problem+json" } },
  );
}
