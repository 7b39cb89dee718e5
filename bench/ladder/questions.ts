import { type LoadPlan, SPANS_PER_REQUEST } from "./load-plan.ts";

/** A path, and the body that is sent to it. */
export type Asked = { path: string; body?: string };

export type Question = {
  name: string;
  /** What to ask for, the n-th time. */
  ask: (turn: number) => Asked;
  times: number;
  /** Each turn asks for something that lies elsewhere. */
  is_varied: boolean;
};

/** Its lists are asked for. */
export const SERVICE = "support-bot";
export const ROOTS = `/otel/service/${SERVICE}/root_spans`;
const LLM_ROOTS = `${ROOTS}_filtered?has_llm=true`;
const WORKFLOWS = `/otel/spans/type/workflow/${SERVICE}`;
/** What the page's list of traces asks for. The last two have no index to go by. */
const SEARCHES = [
  ["newest roots", "root"],
  ["errors", "status = error"],
  ["LLM calls over 2 s", "llm and duration > 2s"],
  ["a model", '.llm.model_name exists and service = "support-bot"'],
  ["a text that nothing has", '"no span says this"'],
] as const;
/** Neighbours in this order lie far apart. */
const STRIDE = 104_729;

/** The same questions at every size, about spans that are spread over all `request_count` requests. */
export function questions(plan: LoadPlan, request_count: number): Question[] {
  const span = (turn: number) => plan.span_of((turn * STRIDE + 17) % request_count, (turn * 31) % SPANS_PER_REQUEST);
  const range = plan.fixed_range;
  return [
    same("service names", 100, "/otel/span_service_names"),
    {
      name: "a trace",
      times: 300,
      is_varied: true,
      ask: (turn) => ({ path: `/otel/trace/${span(turn).trace_id}/nested_spans` }),
    },
    {
      name: "a span",
      times: 300,
      is_varied: true,
      ask: (turn) => {
        const { trace_id, span_id } = span(turn + 1_000);
        return { path: `/otel/trace/${trace_id}/span/${span_id}` };
      },
    },
    same("20 newest roots", 100, `${ROOTS}?limit=20`),
    same("500 newest roots", 50, `${ROOTS}?limit=500`),
    same("20 newest LLM roots", 100, `${LLM_ROOTS}&limit=20`),
    same("500 newest LLM roots", 50, `${LLM_ROOTS}&limit=500`),
    same("20 newest workflows", 100, `${WORKFLOWS}?limit=20`),
    same("500 newest workflows", 50, `${WORKFLOWS}?limit=500`),
    same("500 roots of a fixed 8 s", 50, `${ROOTS}?limit=500&${range}`),
    same("500 LLM roots of a fixed 8 s", 50, `${LLM_ROOTS}&limit=500&${range}`),
    same("500 workflows of a fixed 8 s", 50, `${WORKFLOWS}?limit=500&${range}`),
    ...SEARCHES.map(([name, filter]) =>
      same(`search: ${name}`, 20, `/otel/traces?filter=${encodeURIComponent(filter)}`),
    ),
    same("counts over time of all", 5, `/otel/traces/counts?${plan.whole_range(request_count)}`),
    {
      name: "SQL: errors by service",
      times: 5,
      is_varied: false,
      ask: () => select("SELECT service_name, count(*) FROM spans WHERE status_code = '2' GROUP BY ALL ORDER BY ALL"),
    },
  ];
}

/** A question that is the same at every turn. */
export const same = (name: string, times: number, path: string): Question => ({
  name,
  times,
  is_varied: false,
  ask: () => ({ path }),
});

/** What asks a server for what a SELECT gives. */
export const select = (sql: string) => ({ path: "/sql", body: JSON.stringify({ sql }) });

export type Answered = { p50_ms: number; p99_ms: number };

/**
 * Asks over one connection, one after the other. Throws when an answer isn't one. What to ask for is found out before: for
 * some it takes longer than the answer, and whoever asks has other things to do with the processor's caches.
 */
export async function answer_times(port: number, { name, ask, times }: Question, first_turn = 0): Promise<Answered> {
  const all_asked = Array.from({ length: times }, (_, turn) => ask(first_turn + turn));
  const taken_ms: number[] = [];
  for (const asked of all_asked) taken_ms.push(await answer_ms(port, name, asked));
  return quantiles(taken_ms);
}

/** How long one answer takes. Throws when it isn't one. */
export async function answer_ms(port: number, name: string, asked: Asked): Promise<number> {
  const began_ms = performance.now();
  const response = await fetch_from(port, asked);
  const text = await response.text();
  const taken_ms = performance.now() - began_ms;
  if (!response.ok || text.length < MEANINGFUL_LENGTH) throw new Error(`${name}: ${response.status} ${text}`);
  return taken_ms;
}

export const fetch_from = (port: number, { path, body }: Asked): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, {
    ...(body !== undefined && { method: "POST", body, headers: { "content-type": "application/json" } }),
  });

/** Of few the second one is the worst. */
export function quantiles(taken_ms: readonly number[]): Answered {
  const sorted = taken_ms.toSorted((a, b) => a - b);
  const quantile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return { p50_ms: quantile(0.5), p99_ms: quantile(0.99) };
}

/** "[]" and "null" are answers to other questions. */
const MEANINGFUL_LENGTH = 10;
