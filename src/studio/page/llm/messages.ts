import { as_array, as_object, as_text, is_object, structured, type JsonObject } from "../model/json.ts";
import type { Attributes, SpanEvent, SpanRow } from "../model/span-row.ts";
import { as_list, flattened_list } from "./flattened.ts";
import { read_message, read_tool } from "./read-message.ts";
import type { Message, MessagePart, ToolOffer } from "./types.ts";

/** Everything about messages that a span says: its attributes, and above them those of events made for them. */
export function message_attributes(span: SpanRow): Attributes {
  const details = span.events_json.filter(({ name }) => name === "gen_ai.client.inference.operation.details");
  return Object.assign({}, span.attributes_json, ...details.map(({ attributes }) => attributes)) as Attributes;
}

type Reader = (attributes: Attributes, events: readonly SpanEvent[]) => Message[];

/** The first of the ways to tell them in which there are some; a span may tell the same messages in two ways. */
const first_of =
  (readers: readonly Reader[]): Reader =>
  (attributes, events) => {
    for (const read of readers) {
      const messages = read(attributes, events).filter(({ parts }) => parts.length > 0);
      if (messages.length > 0) return messages;
    }
    return [];
  };

const list_in =
  (key: string, role: string): Reader =>
  (attributes) =>
    as_array(structured(attributes[key])).map((message) => read_message(message, role));

const flattened_in =
  (prefix: string, role: string): Reader =>
  (attributes) =>
    flattened_list(attributes, prefix).map((message) => read_message(message, role));

const ROLES: Record<string, string> = {
  "gen_ai.system.message": "system",
  "gen_ai.user.message": "user",
  "gen_ai.assistant.message": "assistant",
  "gen_ai.tool.message": "tool",
};

const input_events: Reader = (_, events) =>
  events.flatMap(({ name, attributes }) => (ROLES[name] ? [read_message(attributes, ROLES[name])] : []));
const output_events: Reader = (_, events) =>
  events.flatMap(({ name, attributes }) => (name === "gen_ai.choice" ? [read_message(attributes, "assistant")] : []));

/** `gen_ai.content.prompt` and `.completion`: events of conventions before 1.28, with all messages as one text. */
const content_events =
  (event_name: string, key: string, role: string): Reader =>
  (_, events) =>
    events.filter(({ name }) => name === event_name).flatMap(({ attributes }) => whole_value(attributes[key], role));

/** A whole request or answer: a list of messages, an object that has one, or text. */
function whole_value(sent: unknown, role: string): Message[] {
  const value = structured(sent);
  if (typeof value === "string") return [read_message(value, role)];
  if (Array.isArray(value)) return value.map((message) => read_message(message, role));
  const whole = as_object(value);
  if (!whole) return [];
  const messages = [whole["messages"], whole["choices"], whole["input"], whole["output"]]
    .map(as_list)
    .find((list) => list.length > 0);
  if (messages) return messages.map((message) => read_message(message, role));
  if ("content" in whole || "parts" in whole || "role" in whole) return [read_message(whole, role)];
  const text = as_text(whole["prompt"]) ?? as_text(whole["input"]);
  return [
    text === null ? { role, parts: [{ type: "other", value: whole }], finish_reason: null } : read_message(text, role),
  ];
}

const value_in =
  (key: string, role: string): Reader =>
  (attributes) =>
    attributes[key] === undefined ? [] : whole_value(attributes[key], role);

function instructions(attributes: Attributes): Message[] {
  const sent = structured(attributes["gen_ai.system_instructions"]);
  return sent === undefined
    ? []
    : [read_message({ role: "system", parts: Array.isArray(sent) ? sent : [sent] }, "system")];
}

const request_of = (attributes: Attributes) => as_object(structured(attributes["junjo.agent.model.request"]));

/** What an agent of Junjo sends: its own types of messages, told apart by `type`. */
const junjo_input: Reader = (attributes) => {
  const request = request_of(attributes);
  if (!request) return [];
  const given = as_text(request["instructions"]);
  const messages = as_array(request["messages"]).map((message) => junjo_message(as_object(message) ?? {}));
  return given === null ? messages : [read_message(given, "system"), ...messages];
};

const junjo_output: Reader = (attributes) => {
  const response = as_object(
    structured(attributes["junjo.agent.model.response"] ?? attributes["junjo.agent.model.response_candidate"]),
  );
  return response ? [junjo_message(response)] : [];
};

function junjo_message(sent: JsonObject): Message {
  const calls = as_array(sent["calls"]);
  if (calls.length > 0) return read_message({ role: "assistant", tool_calls: calls }, "assistant");
  if (sent["type"] === "tool_result") {
    const part = { type: "tool_result", id: sent["callId"], name: sent["toolName"], result: sent["result"] };
    return read_message({ role: "tool", parts: [part] }, "tool");
  }
  const value = sent["input"] ?? sent["output"] ?? sent;
  const part: MessagePart = typeof value === "string" ? { type: "text", text: value } : { type: "other", value };
  return { role: "input" in sent ? "user" : "assistant", parts: [part], finish_reason: null };
}

const read_input = first_of([
  list_in("gen_ai.input.messages", "user"),
  flattened_in("llm.input_messages", "user"),
  flattened_in("gen_ai.prompt", "user"),
  input_events,
  content_events("gen_ai.content.prompt", "gen_ai.prompt", "user"),
  junjo_input,
  flattened_in("llm.prompts", "user"),
  value_in("gen_ai.prompt", "user"),
  value_in("input.value", "user"),
]);

const read_output = first_of([
  list_in("gen_ai.output.messages", "assistant"),
  flattened_in("llm.output_messages", "assistant"),
  flattened_in("gen_ai.completion", "assistant"),
  output_events,
  content_events("gen_ai.content.completion", "gen_ai.completion", "assistant"),
  junjo_output,
  value_in("gen_ai.completion", "assistant"),
  value_in("output.value", "assistant"),
]);

/** What was said to the model, instructions first, as far as the span tells it. */
export const input_messages = (attributes: Attributes, events: readonly SpanEvent[]): Message[] => [
  ...instructions(attributes),
  ...read_input(attributes, events),
];

/** What the model answered: more than one if it was asked for choices. */
export const output_messages = (attributes: Attributes, events: readonly SpanEvent[]): Message[] =>
  read_output(attributes, events);

/** The tools that the model could call. */
export function tools_offered(attributes: Attributes): ToolOffer[] {
  const request = as_object(structured(attributes["input.value"]));
  const ways: unknown[][] = [
    as_array(structured(attributes["gen_ai.tool.definitions"])),
    flattened_list(attributes, "llm.tools"),
    flattened_list(attributes, "llm.request.functions"),
    as_array(request_of(attributes)?.["tools"]),
    as_array(request?.["tools"]),
  ];
  return (ways.find((tools) => tools.length > 0) ?? [])
    .filter((tool) => is_object(structured(tool)))
    .flatMap((tool) => read_tool(tool) ?? []);
}
