import type { SpanRow } from "../model/span-row.ts";
import { cost_of, type ModelPrice } from "./cost.ts";
import type { LlmCall, TokenCounts } from "./types.ts";

/**
 * Sums over calls. A sum is over the calls of which the number is known, and null if there is none: where
 * `calls_without_tokens` or `calls_without_cost` is not 0, there is more of it than the sum says.
 */
export type LlmTotals = {
  call_count: number;
  error_count: number;
  tokens: TokenCounts;
  /** Calls of which the total is not known. */
  calls_without_tokens: number;
  cost: number | null;
  calls_without_cost: number;
};

/** The calls that are in a span or are it. */
export function calls_within(calls: readonly LlmCall[], trace: readonly SpanRow[], span_id: string): LlmCall[] {
  const by_id = new Map(trace.map((span) => [span.span_id, span]));
  return calls.filter((call) => ancestors_of(call, by_id).includes(span_id));
}

/**
 * The calls to be summed up: of those in one another, as when both an agent and the client library that it uses are
 * instrumented, the inner ones if they tell tokens, else the outer one.
 */
export function calls_counted_once(calls: readonly LlmCall[], trace: readonly SpanRow[]): LlmCall[] {
  const by_id = new Map(trace.map((span) => [span.span_id, span]));
  const has_tokens = ({ tokens }: LlmCall) => tokens.input !== null || tokens.output !== null || tokens.total !== null;
  const of_calls = new Set(calls.map(({ span_id }) => span_id));
  const around = new Map(
    calls.map((call) => [call, ancestors_of(call, by_id).filter((id) => id !== call.span_id && of_calls.has(id))]),
  );
  const replaced = new Set(calls.filter(has_tokens).flatMap((call) => around.get(call) ?? []));
  return calls.filter((call) => {
    if (replaced.has(call.span_id)) return false;
    return has_tokens(call) || (around.get(call) ?? []).length === 0;
  });
}

/** Sums calls of one or more traces, each of them once: give those of calls_counted_once. */
export function llm_totals(calls: readonly LlmCall[], prices: readonly ModelPrice[]): LlmTotals {
  const sum = (name: keyof TokenCounts) => sum_of_known(calls.map(({ tokens }) => tokens[name]));
  const costs = calls.map((call) => cost_of(call, prices));
  return {
    call_count: calls.length,
    error_count: calls.filter(({ status }) => status === "error").length,
    tokens: {
      input: sum("input"),
      output: sum("output"),
      cached_input: sum("cached_input"),
      cache_write: sum("cache_write"),
      reasoning: sum("reasoning"),
      total: sum("total"),
    },
    calls_without_tokens: calls.filter(({ tokens }) => tokens.total === null).length,
    cost: sum_of_known(costs),
    calls_without_cost: costs.filter((cost) => cost === null).length,
  };
}

const sum_of_known = (values: readonly (number | null)[]): number | null =>
  values.reduce((sum, value) => (value === null ? sum : (sum ?? 0) + value), null);

function ancestors_of({ span_id }: LlmCall, by_id: ReadonlyMap<string, SpanRow>): string[] {
  const ids = new Set<string>();
  for (let id: string | null | undefined = span_id; typeof id === "string" && !ids.has(id);) {
    ids.add(id);
    id = by_id.get(id)?.parent_span_id;
  }
  return [...ids];
}
