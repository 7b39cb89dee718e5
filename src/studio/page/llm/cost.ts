import type { LlmCall } from "./types.ts";

/** What a million tokens cost, in whatever currency the whole table is in. */
export type ModelPrice = {
  /** A model's name, in any case; `*` stands for any text. */
  model: string;
  input: number;
  output: number;
  /** Of input that was read from a cache; as other input if it is not given. */
  cached_input?: number;
};

const TOKENS_PRICED = 1_000_000;

const matches = ({ model: pattern }: ModelPrice, model: string | null): boolean => {
  if (model === null) return false;
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`, "i").test(model);
};

/** The first price in the table for the model that answered, else for the one asked for. */
export const price_of = (call: LlmCall, prices: readonly ModelPrice[]): ModelPrice | null =>
  prices.find((price) => matches(price, call.answered_model)) ??
  prices.find((price) => matches(price, call.requested_model)) ??
  null;

/** What a call cost; null if it is not known: no price is given, or the SDK did not tell the tokens. Never 0 for that. */
export function cost_of(call: LlmCall, prices: readonly ModelPrice[]): number | null {
  const price = price_of(call, prices);
  const { input, cached_input } = call.tokens;
  // An embedding has no output, and its SDK tells none.
  const output = call.tokens.output ?? (call.operation === "embeddings" ? 0 : null);
  if (price === null || input === null || output === null) return null;
  const cached = cached_input ?? 0;
  // Cached tokens are part of the input; an SDK that tells more of them than of input counts them beside it.
  const full_price_input = cached <= input ? input - cached : input;
  const sum = full_price_input * price.input + cached * (price.cached_input ?? price.input) + output * price.output;
  return sum / TOKENS_PRICED;
}
