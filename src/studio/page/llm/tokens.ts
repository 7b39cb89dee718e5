import { as_object, structured } from "../model/json.ts";
import { number_of, type Attributes } from "../model/span-row.ts";
import type { TokenCounts } from "./types.ts";

/** The attributes that tell each count: of the conventions, then of SDKs that were there before them. */
const KEYS = {
  input: [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "llm.usage.prompt_tokens",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
  ],
  output: [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "llm.usage.completion_tokens",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
  ],
  cached_input: [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cached_input_tokens",
    "gen_ai.usage.input_tokens.cached",
    "llm.token_count.prompt_details.cache_read",
    "llm.token_count.prompt_details.cache_input",
    "ai.usage.cachedInputTokens",
  ],
  cache_write: [
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.input_tokens.cache_write",
    "llm.token_count.prompt_details.cache_write",
  ],
  reasoning: [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.output_tokens.reasoning",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.reasoningTokens",
  ],
  total: ["gen_ai.usage.total_tokens", "llm.token_count.total", "llm.usage.total_tokens", "ai.usage.totalTokens"],
} as const satisfies Record<keyof TokenCounts, readonly string[]>;

/** The same counts as the providers and Junjo's agents name them, in an answer's `usage`. */
const IN_USAGE = {
  input: ["prompt_tokens", "input_tokens", "inputTokens", "promptTokenCount"],
  output: ["completion_tokens", "output_tokens", "outputTokens", "candidatesTokenCount"],
  cached_input: ["cache_read_input_tokens", "cachedInputTokens", "cachedTokens"],
  cache_write: ["cache_creation_input_tokens"],
  reasoning: ["reasoningTokens", "reasoningOutputTokens"],
  total: ["total_tokens", "totalTokens", "totalTokenCount"],
} as const satisfies Record<keyof TokenCounts, readonly string[]>;

/** Counts as far as the span tells them; a total that it does not tell is the sum of input and output, if both are known. */
export function token_counts(attributes: Attributes): TokenCounts {
  const usage =
    as_object(structured(attributes["junjo.agent.model.usage"])) ??
    as_object(as_object(structured(attributes["output.value"]))?.["usage"]) ??
    {};
  const details = (...keys: string[]) => keys.map((key) => as_object(usage[key])).find((found) => found !== null) ?? {};
  const input_details = details("prompt_tokens_details", "input_tokens_details");
  const output_details = details("completion_tokens_details", "output_tokens_details");
  const count = (name: keyof TokenCounts) =>
    number_of(attributes, ...KEYS[name]) ?? number_of(usage, ...IN_USAGE[name]);
  const input = count("input");
  const output = count("output");
  // An embedding has no output, and its SDK tells none.
  const sum = output === null && attributes["gen_ai.operation.name"] === "embeddings" ? input : null;
  return {
    input,
    output,
    cached_input: count("cached_input") ?? number_of(input_details, "cached_tokens"),
    cache_write: count("cache_write"),
    reasoning: count("reasoning") ?? number_of(output_details, "reasoning_tokens"),
    total: count("total") ?? (input === null || output === null ? sum : input + output),
  };
}
