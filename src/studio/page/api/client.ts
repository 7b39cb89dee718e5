import createClient, { type Middleware } from "openapi-fetch";
import { parse_exactly } from "../model/exact-json.ts";
import type { components, paths } from "../../../gen/openapi/schema.ts";

export type TraceSummary = components["schemas"]["TraceSummary"];
export type RootFigures = components["schemas"]["RootFigures"];
export type Problem = components["schemas"]["Problem"];

/** The server's answer was a problem. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly problem: Partial<Problem>,
  ) {
    super(problem.detail ?? problem.title ?? `the server answered ${status}`);
  }
}

const KEY_NAME = "junjo-traces.api-key";

export const stored_key = (): string | null => localStorage.getItem(KEY_NAME);
export const store_key = (key: string): void => localStorage.setItem(KEY_NAME, key);

/** What every request has. */
export function key_headers(): Record<string, string> {
  const key = stored_key();
  return key === null || key === "" ? {} : { authorization: `Bearer ${key}` };
}

const with_key: Middleware = {
  onRequest({ request }) {
    for (const [name, value] of Object.entries(key_headers())) request.headers.set(name, value);
    return request;
  },
};

export const api = createClient<paths>({ baseUrl: "/" });
api.use(with_key);

/** Of what people's spans say no digit is to be lost: such an answer is asked for as text. */
export const AS_TEXT = { parseAs: "text" } as const;

/** What was asked for as text. Throws ApiError. */
export const answered_exactly = (answer: { data?: string; error?: unknown; response: Response }): unknown =>
  parse_exactly(answered(answer));

/** What was asked for. Throws ApiError. */
export function answered<Data>({ data, error, response }: { data?: Data; error?: unknown; response: Response }): Data {
  if (data !== undefined) return data;
  throw new ApiError(response.status, error ?? {});
}
