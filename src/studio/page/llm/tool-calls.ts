import { structured } from "../model/json.ts";
import {
  by_start,
  duration_ns,
  error_of,
  start_unix_nano,
  status_of,
  text_of,
  type SpanRow,
  type SpanStatus,
} from "../model/span-row.ts";
import type { LlmCall, ToolCall } from "./types.ts";

/** A tool that ran. */
export type ToolExecution = {
  span_id: string;
  /** Null if the SDK sends none. */
  call_id: string | null;
  name: string;
  arguments: unknown;
  result: unknown;
  status: SpanStatus;
  error: string | null;
  start_unix_nano: bigint;
  duration_ns: number | null;
};

/** A call that a model asked for, and what came of it. */
export type RequestedToolCall = {
  llm_span_id: string;
  call: ToolCall;
  /** Null if no span of the trace executed it. */
  execution: ToolExecution | null;
  /** Whether a later call of a model was given its result, also when no span tells who executed it. */
  is_answered: boolean;
};

const is_tool = ({ attributes_json: attributes }: SpanRow) =>
  attributes["openinference.span.kind"] === "TOOL" ||
  attributes["gen_ai.operation.name"] === "execute_tool" ||
  attributes["junjo.agent.operation_type"] === "tool" ||
  attributes["traceloop.span.kind"] === "tool";

const first_value = (span: SpanRow, ...keys: string[]): unknown =>
  structured(keys.map((key) => span.attributes_json[key]).find((value) => value !== undefined) ?? null);

/** The tools that ran in a trace, by start. */
export const tool_executions = (trace: readonly SpanRow[]): ToolExecution[] =>
  trace
    .filter(is_tool)
    .sort(by_start)
    .map((span) => ({
      span_id: span.span_id,
      call_id: text_of(
        span.attributes_json,
        "gen_ai.tool.call.id",
        "junjo.agent.tool_call.id",
        "tool_call.id",
        "tool.id",
      ),
      name:
        text_of(
          span.attributes_json,
          "gen_ai.tool.name",
          "tool.name",
          "junjo.agent.tool.name",
          "traceloop.entity.name",
        ) ?? span.name,
      arguments: first_value(
        span,
        "gen_ai.tool.call.arguments",
        "junjo.agent.tool.arguments",
        "tool_call.function.arguments",
        "input.value",
        "traceloop.entity.input",
      ),
      result: first_value(
        span,
        "gen_ai.tool.call.result",
        "junjo.agent.tool.result",
        "output.value",
        "traceloop.entity.output",
      ),
      status: status_of(span),
      error: error_of(span),
      start_unix_nano: start_unix_nano(span),
      duration_ns: duration_ns(span),
    }));

/**
 * The tool calls that models asked for, in their order, each with the span that executed it: the one with its id; or, where
 * one of the two has no id, the next not yet taken with its name that did not begin before the model was asked.
 */
export function requested_tool_calls(
  calls: readonly LlmCall[],
  executions: readonly ToolExecution[],
): RequestedToolCall[] {
  const requested = calls.flatMap((llm) => {
    const parts = llm.output.flatMap((message) => message.parts);
    return parts.flatMap((part) => (part.type === "tool_call" ? { llm, call: part.call } : []));
  });
  const by_id = new Map(executions.flatMap((one) => (one.call_id === null ? [] : [[one.call_id, one] as const])));
  const taken = new Set(requested.flatMap(({ call }) => (call.id === null ? [] : (by_id.get(call.id) ?? []))));
  const next_named = (call: ToolCall, { start_unix_nano: start }: LlmCall) => {
    const is_it = (one: ToolExecution) =>
      !taken.has(one) &&
      one.name === call.name &&
      one.start_unix_nano >= start &&
      (call.id === null || one.call_id === null);
    const found = executions.find(is_it) ?? null;
    if (found) taken.add(found);
    return found;
  };
  return requested.map(({ llm, call }) => ({
    llm_span_id: llm.span_id,
    call,
    execution: (call.id === null ? undefined : by_id.get(call.id)) ?? next_named(call, llm),
    is_answered: calls.some((later) => later.start_unix_nano > llm.start_unix_nano && has_result_of(call, later)),
  }));
}

const has_result_of = ({ id }: ToolCall, { input }: LlmCall): boolean =>
  id !== null && input.some(({ parts }) => parts.some((part) => part.type === "tool_result" && part.call_id === id));
