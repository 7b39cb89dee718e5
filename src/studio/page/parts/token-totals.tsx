import { count_text } from "../lib/format.ts";
import { llm_totals, type LlmCall, type ModelPrice } from "../llm/index.ts";

type Props = { calls: readonly LlmCall[]; prices: readonly ModelPrice[] };

/** What calls of models took together. What is not known of all of them is said to be more. */
export function TokenTotals({ calls, prices }: Props) {
  if (calls.length === 0) return null;
  const { call_count, tokens, cost, calls_without_tokens, calls_without_cost } = llm_totals(calls, prices);
  const more = (missing_count: number) => (missing_count > 0 ? " or more" : "");
  return (
    <>
      <span className="badge is-llm">{count_text(call_count)} LLM calls</span>
      <span>
        {tokens.total === null ? "tokens unknown" : `${count_text(tokens.total)} tokens${more(calls_without_tokens)}`}
      </span>
      {tokens.cached_input !== null && <span>{count_text(tokens.cached_input)} cached</span>}
      {tokens.reasoning !== null && <span>{count_text(tokens.reasoning)} reasoning</span>}
      <span>cost {cost === null ? "unknown" : `${Number(cost.toPrecision(3))}${more(calls_without_cost)}`}</span>
    </>
  );
}
