import type { SpanRow, SpanStatus } from "../model/span-row.ts";

export type ToolCall = {
  /** Null if the SDK sends none. */
  id: string | null;
  name: string;
  /** As JSON if it is JSON, else as text; null if there are none. */
  arguments: unknown;
};

export type MessagePart =
  | { type: "text"; text: string }
  | { type: "reasoning"; text: string }
  | { type: "tool_call"; call: ToolCall }
  | { type: "tool_result"; call_id: string | null; name: string | null; result: unknown }
  /** An image, sound or file; `uri` is null if only its content was sent. */
  | { type: "media"; media_type: string | null; uri: string | null }
  | { type: "other"; value: unknown };

export type Message = {
  /** system, user, assistant, tool, or what else the SDK calls it. */
  role: string;
  parts: MessagePart[];
  finish_reason: string | null;
};

/** A tool that the model could have called. */
export type ToolOffer = { name: string; description: string | null; parameters: unknown };

/** Null where it is not known. `cached_input` and `cache_write` are parts of the input, `reasoning` of the output. */
export type TokenCounts = {
  input: number | null;
  output: number | null;
  cached_input: number | null;
  cache_write: number | null;
  reasoning: number | null;
  total: number | null;
};

/** A call of a language model, whichever SDK told of it. */
export type LlmCall = {
  span: SpanRow;
  span_id: string;
  trace_id: string;
  /** chat, text_completion, embeddings, …; null if it is not told. */
  operation: string | null;
  provider: string | null;
  requested_model: string | null;
  answered_model: string | null;
  /** temperature, max_tokens, … by the names that the SDK uses. */
  settings: Record<string, unknown>;
  /** Empty if the SDK did not record them. Instructions come first, as a system message. */
  input: Message[];
  output: Message[];
  tools: ToolOffer[];
  tokens: TokenCounts;
  finish_reasons: string[];
  status: SpanStatus;
  error: string | null;
  /** The session or conversation that it is a turn of. */
  conversation_id: string | null;
  start_unix_nano: bigint;
  duration_ns: number | null;
};
