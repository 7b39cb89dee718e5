import { type LoadPlan, SPANS_PER_REQUEST } from "./load-plan.ts";

export type Question = {
  name: string;
  /** The path to ask for, the n-th time. A body is sent to it. */
  ask: (turn: number) => { path: string; body?: string };
  times: number;
};

const SERVICE = "support-bot";
const LIST = `/otel/service/${SERVICE}/root_spans`;
const LLM_LIST = `${LIST}_filtered?has_llm=true`;
const WORKFLOWS = `/otel/spans/type/workflow/${SERVICE}`;
/** Neighbours in this order lie far apart. */
const STRIDE = 104_729;

/** The same questions at every size, about spans that are spread over all `request_count` requests. */
export function questions(plan: LoadPlan, request_count: number): Question[] {
  const path = (name: string, times: number, text: string): Question => ({ name, times, ask: () => ({ path: text }) });
  const span = (turn: number) => plan.span_of((turn * STRIDE + 17) % request_count, (turn * 31) % SPANS_PER_REQUEST);
  const range = plan.fixed_range;
  return [
    path("service names", 100, "/otel/span_service_names"),
    { name: "a trace", times: 300, ask: (turn) => ({ path: `/otel/trace/${span(turn).trace_id}/nested_spans` }) },
    {
      name: "a span",
      times: 300,
      ask: (turn) => {
        const { trace_id, span_id } = span(turn + 1_000);
        return { path: `/otel/trace/${trace_id}/span/${span_id}` };
      },
    },
    path("20 newest roots", 100, `${LIST}?limit=20`),
    path("500 newest roots", 50, `${LIST}?limit=500`),
    path("20 newest LLM roots", 100, `${LLM_LIST}&limit=20`),
    path("500 newest LLM roots", 50, `${LLM_LIST}&limit=500`),
    path("20 newest workflows", 100, `${WORKFLOWS}?limit=20`),
    path("500 newest workflows", 50, `${WORKFLOWS}?limit=500`),
    path("500 roots of a fixed 8 s", 50, `${LIST}?limit=500&${range}`),
    path("500 LLM roots of a fixed 8 s", 50, `${LLM_LIST}&limit=500&${range}`),
    path("500 workflows of a fixed 8 s", 50, `${WORKFLOWS}?limit=500&${range}`),
    {
      name: "SQL: errors by service",
      times: 5,
      ask: () => ({
        path: "/sql",
        body: JSON.stringify({
          sql: "SELECT service_name, count(*) FROM spans WHERE status_code = '2' GROUP BY ALL ORDER BY ALL",
        }),
      }),
    },
  ];
}

export type Answered = { p50_ms: number; p99_ms: number };

/** Asks over one connection, one after the other. Throws when an answer isn't one. */
export async function answer_times(port: number, { name, ask, times }: Question, first_turn = 0): Promise<Answered> {
  const taken_ms: number[] = [];
  for (let turn = first_turn; turn < first_turn + times; turn++) {
    const { path, body } = ask(turn);
    const began_ms = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...(body !== undefined && { method: "POST", body, headers: { "content-type": "application/json" } }),
    });
    const text = await response.text();
    taken_ms.push(performance.now() - began_ms);
    if (!response.ok || text.length < MEANINGFUL_LENGTH) throw new Error(`${name}: ${response.status} ${text}`);
  }
  taken_ms.sort((a, b) => a - b);
  const quantile = (share: number) => taken_ms[Math.min(taken_ms.length - 1, Math.floor(taken_ms.length * share))];
  return { p50_ms: quantile(0.5), p99_ms: quantile(0.99) };
}

/** "[]" and "null" are answers to other questions. */
const MEANINGFUL_LENGTH = 10;
