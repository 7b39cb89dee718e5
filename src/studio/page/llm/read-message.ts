import { as_object, as_text, is_object, structured, type JsonObject } from "../model/json.ts";
import { as_list } from "./flattened.ts";
import type { Message, MessagePart, ToolCall, ToolOffer } from "./types.ts";

// One reader for the shapes that OpenTelemetry, OpenInference, OpenAI and Anthropic give to a message: their names differ,
// but none means different things in two of them.

/** Reads a message of any of these shapes. A text alone is a message of this role. */
export function read_message(sent: unknown, default_role: string): Message {
  if (!is_object(sent)) return { role: default_role, parts: content_parts(sent), finish_reason: null };
  const inner = as_object(structured(sent["message"]));
  const message = inner ?? sent;
  const role = as_text(message["role"]) ?? as_text(sent["role"]) ?? default_role;
  const call_id = as_text(message["tool_call_id"]) ?? (role === "tool" ? as_text(message["id"]) : null);
  const content = [message["parts"], message["contents"], message["content"]].flatMap(content_parts);
  const is_result = call_id !== null && !content.some(({ type }) => type === "tool_result");
  const parts = is_result ? [result_of(call_id, as_text(message["name"]), content)] : content;
  const calls = [...as_list(structured(message["tool_calls"])), message["function_call"]].flatMap(
    (call) => read_call(call) ?? [],
  );
  parts.push(...calls.map((call): MessagePart => ({ type: "tool_call", call })));
  return { role, parts, finish_reason: as_text(sent["finish_reason"]) ?? as_text(message["finish_reason"]) };
}

function result_of(call_id: string, name: string | null, content: readonly MessagePart[]): MessagePart {
  const texts = content.map((part) => (part.type === "text" ? part.text : part));
  return { type: "tool_result", call_id, name, result: texts.length === 1 ? structured(texts[0]) : texts };
}

/** Content is text, a list of parts, or such a list as text. Text that only looks like JSON is what somebody said. */
function content_parts(content: unknown): MessagePart[] {
  if (content === undefined || content === null || content === "") return [];
  if (typeof content === "string") {
    const parsed = content.startsWith("[") ? structured(content) : null;
    const is_parts =
      Array.isArray(parsed) && parsed.length > 0 && parsed.every((part) => is_object(part) && "type" in part);
    return is_parts ? parsed.flatMap(content_parts) : [{ type: "text", text: content }];
  }
  const list = as_list(content);
  if (list.length > 0) return list.flatMap(content_parts);
  return is_object(content) ? [read_part(content)] : Array.isArray(content) ? [] : [{ type: "other", value: content }];
}

function read_part(sent: JsonObject): MessagePart {
  const part = as_object(sent["message_content"]) ?? sent;
  const text = ["text", "content", "thinking", "reasoning", "refusal"]
    .map((key) => part[key])
    .find((value) => as_text(value));
  switch (part["type"]) {
    case "reasoning":
    case "thinking":
      return typeof text === "string" ? { type: "reasoning", text } : { type: "other", value: part };
    case "tool_call":
    case "tool_use":
    case "function_call": {
      const call = read_call(part);
      return call ? { type: "tool_call", call } : { type: "other", value: part };
    }
    case "tool_call_response":
    case "tool_result":
    case "function_call_output":
      return {
        type: "tool_result",
        call_id: as_text(part["tool_use_id"]) ?? as_text(part["call_id"]) ?? as_text(part["id"]),
        name: as_text(part["name"]),
        result: structured(part["response"] ?? part["result"] ?? part["output"] ?? part["content"] ?? null),
      };
    case "blob":
    case "uri":
    case "file":
    case "image":
    case "image_url":
    case "input_image":
    case "audio":
    case "input_audio":
    case "document":
      return read_media(part);
    default:
      return typeof text === "string" ? { type: "text", text } : { type: "other", value: part };
  }
}

function read_media(part: JsonObject): MessagePart {
  const type = String(part["type"]);
  const inner = as_object(part[type]) ?? as_object(part["source"]) ?? part;
  const image = as_object(inner["image"]) ?? inner;
  const media_type = ["mime_type", "media_type", "modality", "mimeType"]
    .map((key) => as_text(inner[key]))
    .find(Boolean);
  const uri = as_text(image["url"]) ?? as_text(part["uri"]) ?? as_text(part["image_url"]) ?? as_text(part["image.url"]);
  return { type: "media", media_type: media_type ?? (type === "blob" || type === "uri" ? null : type), uri };
}

/** Null if it is no call: one has a name. */
export function read_call(sent: unknown): ToolCall | null {
  const outer = as_object(sent);
  const call = as_object(outer?.["tool_call"]) ?? outer;
  const named = as_object(call?.["function"]) ?? call;
  const name = as_text(named?.["name"]);
  if (!call || !named || name === null) return null;
  const args = named["arguments"] ?? named["input"] ?? named["args"] ?? null;
  return { id: as_text(call["id"]) ?? as_text(call["call_id"]), name, arguments: structured(args) };
}

/** Null if it is no description of a tool. */
export function read_tool(sent: unknown): ToolOffer | null {
  const outer = as_object(structured(sent));
  const schema = as_object(structured(as_object(outer?.["tool"])?.["json_schema"])) ?? outer;
  const tool = as_object(schema?.["function"]) ?? schema;
  const name = as_text(tool?.["name"]) ?? as_text(tool?.["type"]);
  if (!tool || name === null) return null;
  const parameters = tool["parameters"] ?? tool["input_schema"] ?? tool["inputSchema"] ?? null;
  return { name, description: as_text(tool["description"]), parameters: structured(parameters) };
}
