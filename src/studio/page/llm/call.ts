import { as_array, as_object, as_text, structured, type JsonObject } from "../model/json.ts";
import {
  by_start,
  duration_ns,
  error_of,
  start_unix_nano,
  status_of,
  text_of,
  type Attributes,
  type SpanRow,
} from "../model/span-row.ts";
import { input_messages, message_attributes, output_messages, tools_offered } from "./messages.ts";
import { token_counts } from "./tokens.ts";
import type { LlmCall, Message } from "./types.ts";

const CONVERSATION_KEYS = [
  "gen_ai.conversation.id",
  "session.id",
  "traceloop.association.properties.session_id",
  "langfuse.session.id",
] as const;

/** In a request, but no setting of the model. */
const NO_SETTINGS = new Set(["model", "messages", "tools", "input", "prompt", "system", "functions", "instructions"]);

/** Whether a span is a call of a language model; the store does not count the model requests of Junjo's agents. */
export const is_llm_call = (span: SpanRow): boolean =>
  span.is_llm || span.attributes_json["junjo.agent.operation_type"] === "model_request";

/** Reads a span as a call of a language model. `conversation_id`: known from a span around it, if not from its own. */
export function llm_call(span: SpanRow, conversation_id: string | null = null): LlmCall {
  const attributes = message_attributes(span);
  const output = output_messages(attributes, span.events_json);
  return {
    span,
    span_id: span.span_id,
    trace_id: span.trace_id,
    operation: text_of(attributes, "gen_ai.operation.name", "llm.request.type"),
    provider: text_of(
      attributes,
      "gen_ai.provider.name",
      "gen_ai.system",
      "llm.provider",
      "llm.system",
      "junjo.agent.model.provider",
      "ai.model.provider",
    ),
    ...models_of(attributes),
    settings: settings_of(attributes),
    input: input_messages(attributes, span.events_json),
    output,
    tools: tools_offered(attributes),
    tokens: token_counts(attributes),
    finish_reasons: finish_reasons_of(attributes, output),
    status: status_of(span),
    error: error_of(span),
    conversation_id: text_of(attributes, ...CONVERSATION_KEYS) ?? conversation_id,
    start_unix_nano: start_unix_nano(span),
    duration_ns: duration_ns(span),
  };
}

/** The calls of language models in a trace, by start. */
export function llm_calls(trace: readonly SpanRow[]): LlmCall[] {
  const by_id = new Map(trace.map((span) => [span.span_id, span]));
  const conversation_around = (span: SpanRow): string | null => {
    const seen = new Set<string>();
    for (let one: SpanRow | undefined = span; one && !seen.has(one.span_id);) {
      const id = text_of(one.attributes_json, ...CONVERSATION_KEYS);
      if (id !== null) return id;
      seen.add(one.span_id);
      one = one.parent_span_id === null ? undefined : by_id.get(one.parent_span_id);
    }
    return null;
  };
  return trace
    .filter(is_llm_call)
    .sort(by_start)
    .map((span) => llm_call(span, conversation_around(span)));
}

const request_in = (attributes: Attributes): JsonObject => ({
  ...as_object(structured(attributes["input.value"])),
  ...as_object(structured(attributes["llm.invocation_parameters"])),
});

/** OpenInference puts the model that answered where it had put the one asked for, so the request tells that one. */
function models_of(attributes: Attributes) {
  const asked = text_of(attributes, "gen_ai.request.model") ?? as_text(request_in(attributes)["model"]);
  const named = text_of(attributes, "llm.model_name", "ai.model.id", "junjo.agent.model.name", "embedding.model_name");
  const answer = as_object(structured(attributes["output.value"]));
  const answered = text_of(attributes, "gen_ai.response.model") ?? as_text(answer?.["model"]);
  return { requested_model: asked ?? named, answered_model: answered ?? (asked === null ? null : named) };
}

function settings_of(attributes: Attributes): Record<string, unknown> {
  const invocation = as_object(structured(attributes["llm.invocation_parameters"])) ?? {};
  const requested = Object.entries(attributes).flatMap(([key, value]): [string, unknown][] => {
    const name = /^gen_ai\.(?:[a-z_]+\.)?request\.(.+)$/.exec(key)?.[1];
    return name === undefined ? [] : [[name, value]];
  });
  const entries = [...Object.entries(invocation), ...requested];
  return Object.fromEntries(entries.filter(([name]) => !NO_SETTINGS.has(name)));
}

function finish_reasons_of(attributes: Attributes, output: readonly Message[]): string[] {
  const told = structured(attributes["gen_ai.response.finish_reasons"] ?? attributes["llm.finish_reason"]);
  const reasons = as_array(Array.isArray(told) ? told : [told]).flatMap((reason) => as_text(reason) ?? []);
  if (reasons.length > 0) return reasons;
  const response_type = text_of(attributes, "junjo.agent.model.response_type");
  return response_type === null ? output.flatMap(({ finish_reason }) => finish_reason ?? []) : [response_type];
}
