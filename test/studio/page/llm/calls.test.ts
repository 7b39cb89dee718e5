import { describe, expect, it } from "bun:test";
import {
  calls_counted_once,
  conversations,
  cost_of,
  llm_call,
  llm_calls,
  llm_totals,
  requested_tool_calls,
  tool_executions,
} from "../../../../src/studio/page/llm/index.ts";
import type { Attributes, SpanEvent, SpanRow } from "../../../../src/studio/page/model/span-row.ts";
import { span_row } from "../../../support/trace-rows.ts";

const span_with = (attributes_json: Attributes, columns: Partial<SpanRow> = {}) =>
  span_row({ is_llm: true, attributes_json, ...columns });
const call_with = (attributes: Attributes, columns: Partial<SpanRow> = {}) => llm_call(span_with(attributes, columns));
const event = (name: string, attributes: Attributes): SpanEvent => ({
  name,
  timeUnixNano: 1,
  attributes,
  droppedAttributesCount: 0,
});
const text = (content: string) => ({ type: "text", content });

describe("messages", () => {
  it("are read from OpenInference's numbered attributes, in the order of their numbers", () => {
    const { input } = call_with({
      "llm.input_messages.10.message.role": "user",
      "llm.input_messages.10.message.content": "last",
      "llm.input_messages.2.message.role": "user",
      "llm.input_messages.2.message.contents.0.message_content.type": "text",
      "llm.input_messages.2.message.contents.0.message_content.text": "look",
      "llm.input_messages.2.message.contents.1.message_content.type": "image",
      "llm.input_messages.2.message.contents.1.message_content.image.image.url": "https://example.com/a.png",
      "llm.input_messages.3.message.role": "tool",
      "llm.input_messages.3.message.tool_call_id": "c1",
      "llm.input_messages.3.message.content": '{"ok":true}',
    });
    expect(input).toEqual([
      {
        role: "user",
        parts: [
          { type: "text", text: "look" },
          { type: "media", media_type: "image", uri: "https://example.com/a.png" },
        ],
        finish_reason: null,
      },
      {
        role: "tool",
        parts: [{ type: "tool_result", call_id: "c1", name: null, result: { ok: true } }],
        finish_reason: null,
      },
      { role: "user", parts: [{ type: "text", text: "last" }], finish_reason: null },
    ]);
  });

  it("are read from gen_ai's, with the instructions first", () => {
    const call = call_with({
      "gen_ai.system_instructions": JSON.stringify([text("Be kind.")]),
      "gen_ai.input.messages": JSON.stringify([
        { role: "user", parts: [text("hi")] },
        { role: "tool", parts: [{ type: "tool_call_response", id: "c1", response: "42" }] },
      ]),
      "gen_ai.output.messages": [
        {
          role: "assistant",
          parts: [
            { type: "reasoning", content: "hm" },
            text("yes"),
            { type: "blob", mime_type: "image/png", content: "" },
          ],
          finish_reason: "stop",
        },
      ],
    });
    expect(call.input.map(({ role, parts }) => [role, parts[0]])).toEqual([
      ["system", { type: "text", text: "Be kind." }],
      ["user", { type: "text", text: "hi" }],
      ["tool", { type: "tool_result", call_id: "c1", name: null, result: 42 }],
    ]);
    expect(call.output[0]?.parts).toEqual([
      { type: "reasoning", text: "hm" },
      { type: "text", text: "yes" },
      { type: "media", media_type: "image/png", uri: null },
    ]);
    expect(call.finish_reasons).toEqual(["stop"]);
  });

  it("are read from the event that has all details", () => {
    const details = { "gen_ai.input.messages": JSON.stringify([{ role: "user", parts: [text("hi")] }]) };
    const call = call_with({}, { events_json: [event("gen_ai.client.inference.operation.details", details)] });
    expect(call.input).toEqual([{ role: "user", parts: [{ type: "text", text: "hi" }], finish_reason: null }]);
  });

  it("are read from an event for each", () => {
    const call = call_with(
      {},
      {
        events_json: [
          event("gen_ai.system.message", { content: "Be kind." }),
          event("gen_ai.user.message", { content: "[not a list" }),
          event("gen_ai.tool.message", { id: "c0", content: "fine" }),
          event("gen_ai.choice", {
            index: 0,
            finish_reason: "tool_calls",
            message: JSON.stringify({ tool_calls: [{ id: "c1", function: { name: "f", arguments: '{"a":1}' } }] }),
          }),
        ],
      },
    );
    expect(call.input).toMatchObject([
      { role: "system", parts: [{ text: "Be kind." }] },
      { role: "user", parts: [{ text: "[not a list" }] },
      { role: "tool", parts: [{ type: "tool_result", call_id: "c0", result: "fine" }] },
    ]);
    expect(call.output).toEqual([
      {
        role: "assistant",
        parts: [{ type: "tool_call", call: { id: "c1", name: "f", arguments: { a: 1 } } }],
        finish_reason: "tool_calls",
      },
    ]);
    expect(call.finish_reasons).toEqual(["tool_calls"]);
  });

  it("are read from Traceloop's numbered attributes", () => {
    const call = call_with({
      "gen_ai.prompt.0.role": "user",
      "gen_ai.prompt.0.content": '[{"type":"text","text":"hi"}]',
      "gen_ai.completion.0.role": "assistant",
      "gen_ai.completion.0.finish_reason": "tool_calls",
      "gen_ai.completion.0.tool_calls.0.id": "c1",
      "gen_ai.completion.0.tool_calls.0.name": "f",
      "gen_ai.completion.0.tool_calls.0.arguments": "{}",
      "llm.request.functions.0.name": "f",
      "llm.request.functions.0.description": "does it",
      "llm.request.functions.0.parameters": '{"type":"object"}',
    });
    expect(call.input[0]?.parts).toEqual([{ type: "text", text: "hi" }]);
    expect(call.output[0]?.parts).toEqual([{ type: "tool_call", call: { id: "c1", name: "f", arguments: {} } }]);
    expect(call.tools).toEqual([{ name: "f", description: "does it", parameters: { type: "object" } }]);
  });

  it.each([
    ["how are you", [{ type: "text", text: "how are you" }]],
    ['{"messages":[{"role":"user","content":"hi"}]}', [{ type: "text", text: "hi" }]],
    ['{"prompt":"hi"}', [{ type: "text", text: "hi" }]],
    ['{"question":7}', [{ type: "other", value: { question: 7 } }]],
  ])("are read from a whole input where there is nothing else: %s", (value, parts) => {
    expect(call_with({ "input.value": value }).input).toEqual([{ role: "user", parts, finish_reason: null }] as never);
  });

  it("cannot be set on objects by an attribute's name", () => {
    call_with({ "llm.input_messages.__proto__.polluted": "yes", "llm.input_messages.0.__proto__.polluted": "yes" });
    expect("polluted" in {}).toBe(false);
  });
});

describe("tokens", () => {
  it("are told apart", () => {
    const { tokens } = call_with({
      "llm.token_count.prompt": 100,
      "llm.token_count.completion": "50",
      "llm.token_count.prompt_details.cache_read": 80,
      "llm.token_count.prompt_details.cache_write": 5,
      "llm.token_count.completion_details.reasoning": 30,
    });
    expect(tokens).toEqual({ input: 100, output: 50, cached_input: 80, cache_write: 5, reasoning: 30, total: 150 });
  });

  it("are read from the provider's answer where no attribute tells them", () => {
    const usage = { prompt_tokens: 9, completion_tokens: 2, prompt_tokens_details: { cached_tokens: 4 } };
    const { tokens } = call_with({ "output.value": JSON.stringify({ usage }) });
    expect(tokens).toMatchObject({ input: 9, output: 2, cached_input: 4, reasoning: null, total: 11 });
  });
});

describe("cost", () => {
  const usage = { "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100 };
  const price = { model: "GPT-x*", input: 2, output: 10, cached_input: 0.5 };
  const asked = { ...usage, "gen_ai.request.model": "gpt-x" };

  it("is that of the first price that fits the model that answered, else the one asked for", () => {
    expect(cost_of(call_with({ ...asked, "gen_ai.response.model": "gpt-x-2026" }), [price])).toBeCloseTo(0.003, 10);
    expect(cost_of(call_with(asked), [price])).toBeCloseTo(0.003, 10);
    expect(cost_of(call_with(asked), [{ model: "gpt-x", input: 1, output: 0 }, price])).toBeCloseTo(0.001, 10);
  });

  it("is lower for cached input, whether or not the SDK counts that as input", () => {
    const cached = { ...asked, "gen_ai.usage.cache_read.input_tokens": 600 };
    expect(cost_of(call_with(cached), [price])).toBeCloseTo((400 * 2 + 600 * 0.5 + 100 * 10) / 1e6, 10);
    const beside = { ...asked, "gen_ai.usage.cache_read.input_tokens": 6000 };
    expect(cost_of(call_with(beside), [price])).toBeCloseTo((1000 * 2 + 6000 * 0.5 + 100 * 10) / 1e6, 10);
  });

  it("is not known without a price or tokens", () => {
    expect(cost_of(call_with(asked), [])).toBeNull();
    expect(cost_of(call_with(asked), [{ ...price, model: "gpt-y" }])).toBeNull();
    expect(cost_of(call_with({ "gen_ai.request.model": "gpt-x" }), [price])).toBeNull();
    const calls = [call_with(asked), call_with({ "gen_ai.request.model": "gpt-x" })];
    expect(llm_totals(calls, [price])).toMatchObject({ call_count: 2, calls_without_cost: 1, calls_without_tokens: 1 });
    expect(llm_totals(calls, [price]).cost).toBeCloseTo(0.003, 10);
    expect(llm_totals(calls, []).cost).toBeNull();
  });
});

it("counts calls within one another once", () => {
  const outer = span_with({ "gen_ai.usage.input_tokens": 10, "gen_ai.usage.output_tokens": 1 });
  const inner = span_with(outer.attributes_json, { parent_span_id: outer.span_id });
  const untold = span_with({}, { parent_span_id: outer.span_id });
  const counted = (trace: SpanRow[]) => calls_counted_once(llm_calls(trace), trace).map(({ span_id }) => span_id);
  expect(counted([outer, inner])).toEqual([inner.span_id]);
  expect(counted([outer, untold])).toEqual([outer.span_id]);
  expect(counted([untold])).toEqual([untold.span_id]);
});

describe("tool calls", () => {
  const asking = (id: string | undefined, ...names: string[]) => {
    const tool_calls = names.map((name) => ({ id, function: { name, arguments: "{}" } }));
    return span_with({ "gen_ai.output.messages": [{ role: "assistant", tool_calls }] });
  };
  const executions = (trace: SpanRow[]) =>
    requested_tool_calls(llm_calls(trace), tool_executions(trace)).map(({ execution }) => execution?.span_id ?? null);

  it("were executed by the span with their id", () => {
    const attributes = {
      "gen_ai.operation.name": "execute_tool",
      "gen_ai.tool.name": "f",
      "gen_ai.tool.call.id": "c1",
    };
    const [other, tool] = ["c2", "c1"].map((id) =>
      span_row({ attributes_json: { ...attributes, "gen_ai.tool.call.id": id } }),
    ) as [SpanRow, SpanRow];
    expect(executions([asking("c1", "f"), other, tool])).toEqual([tool.span_id]);
    expect(executions([asking("c3", "f"), other, tool])).toEqual([null]);
  });

  it("were executed by the next span with their name where there are no ids, each by its own", () => {
    const tool = () => span_row({ attributes_json: { "openinference.span.kind": "TOOL", "tool.name": "f" } });
    const [first, second] = [tool(), tool()];
    expect(executions([asking(undefined, "f", "g", "f", "f"), first, second])).toEqual([
      first.span_id,
      null,
      second.span_id,
      null,
    ]);
  });
});

it("puts the turns of a conversation in order, over several traces, with what is new in each", () => {
  const user = (content: string) => ({ role: "user", content });
  const turn = (second: number, input: object[], answer: string, id: Attributes = { "session.id": "s1" }) =>
    span_with(
      {
        ...id,
        "gen_ai.input.messages": input,
        "gen_ai.output.messages": [{ role: "assistant", content: answer, finish_reason: "stop" }],
      },
      { trace_id: String(second).repeat(32), start_time: `2026-11-23T18:00:0${second}.000000+00:00` },
    );
  const first = turn(1, [user("a")], "b");
  const second = turn(2, [user("a"), { role: "assistant", content: "b" }, user("c")], "d");
  const around = span_row({ attributes_json: { "gen_ai.conversation.id": "s2" } });
  const elsewhere = { ...turn(3, [user("x")], "y", {}), trace_id: around.trace_id, parent_span_id: around.span_id };
  const calls = [[second], [around, elsewhere], [first], [turn(4, [user("z")], "-", {})]].flatMap(llm_calls);
  expect(
    conversations(calls).map(({ id, turns }) => [
      id,
      turns.map(({ new_input }) => new_input.flatMap(({ parts }) => parts.map((part) => "text" in part && part.text))),
    ]),
  ).toEqual([
    ["s1", [["a"], ["c"]]],
    ["s2", [["x"]]],
  ]);
});
