/** Calls of language models, whichever SDK told of them. Pure: no React, no DOM. */
export { is_llm_call, llm_call, llm_calls } from "./call.ts";
export { conversations, type Conversation, type ConversationTurn } from "./conversations.ts";
export { cost_of, price_of, type ModelPrice } from "./cost.ts";
export { requested_tool_calls, tool_executions, type RequestedToolCall, type ToolExecution } from "./tool-calls.ts";
export { calls_counted_once, calls_within, llm_totals, type LlmTotals } from "./totals.ts";
export type { LlmCall, Message, MessagePart, TokenCounts, ToolCall, ToolOffer } from "./types.ts";
