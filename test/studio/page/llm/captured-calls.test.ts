import { describe, expect, it } from "bun:test";
import {
  calls_within,
  llm_calls,
  llm_totals,
  requested_tool_calls,
  tool_executions,
  type LlmCall,
  type Message,
} from "../../../../src/studio/page/llm/index.ts";
import { workflow_runs } from "../../../../src/studio/page/workflow/index.ts";
import { capture_traces } from "../../../support/trace-rows.ts";

const calls_in = async (name: string) => (await capture_traces(name)).flatMap(llm_calls);
const said = (messages: readonly Message[]) =>
  messages.map(({ role, parts }) => [role, ...parts.map((part) => (part.type === "text" ? part.text : part.type))]);
const facts_of = ({
  operation,
  provider,
  requested_model,
  answered_model,
  tokens,
  finish_reasons,
  status,
}: LlmCall) => ({
  operation,
  provider,
  requested_model,
  answered_model,
  tokens: [tokens.input, tokens.output, tokens.total],
  finish_reasons,
  status,
});
const ASKED = [
  ["system", "Be brief."],
  ["user", "Summarise: café 🚀"],
];

describe.each([
  ["llm-openinference-grpc.pb", null, "tool_calls"],
  ["llm-traceloop-grpc.pb", "chat", "tool_call"],
])("%s", (name, operation, tool_reason) => {
  it("tells a call's model, settings, messages and tokens", async () => {
    const [call] = await calls_in(name);
    if (!call) throw new Error("no call");
    expect(facts_of(call)).toEqual({
      operation,
      provider: "openai",
      requested_model: "fake-model",
      answered_model: "fake-model-2024",
      tokens: [21, 8, 29],
      finish_reasons: ["stop"],
      status: "ok",
    });
    expect(call.settings).toEqual({ max_tokens: 64, temperature: 0.1, top_p: 0.9 });
    expect(said(call.input)).toEqual(ASKED);
    expect(said(call.output)).toEqual([["assistant", "A short summary ✓ 😀"]]);
  });

  it("tells the tools that were offered and the call that nothing executed", async () => {
    const trace = (await capture_traces(name))[1] ?? [];
    const [call, streamed] = llm_calls(trace);
    expect(call?.tools).toEqual([
      {
        name: "get_weather",
        description: null,
        parameters: { type: "object", properties: { city: { type: "string" } } },
      },
    ]);
    expect(call?.finish_reasons).toEqual([tool_reason]);
    expect(requested_tool_calls(llm_calls(trace), tool_executions(trace))).toEqual([
      {
        llm_span_id: call?.span_id ?? "",
        call: { id: "call_1", name: "get_weather", arguments: { city: "Zürich" } },
        execution: null,
        is_answered: false,
      },
    ]);
    expect(said(streamed?.output ?? [])).toEqual([["assistant", "Hello ✓"]]);
    expect(streamed?.tokens.total).toBe(14);
  });

  it("tells of a call that was refused what was asked, and why", async () => {
    const call = (await calls_in(name)).find(({ status }) => status === "error");
    expect(call).toMatchObject({ requested_model: "broken-model", answered_model: null, output: [] });
    expect(call?.tokens).toMatchObject({ input: null, output: null, total: null });
    expect(call?.error).toContain("model overloaded");
    expect(said(call?.input ?? [])).toEqual(ASKED);
  });
});

it("knows tokens of calls whose messages were not recorded", async () => {
  const calls = await calls_in("llm-v2-grpc.pb");
  expect(calls.map(({ operation, input, output }) => [operation, input, output])).toEqual(
    ["chat", "chat", "chat", "embeddings", "chat"].map((operation) => [operation, [], []]),
  );
  expect(calls.map(({ tokens }) => [tokens.input, tokens.output, tokens.total])).toEqual([
    [21, 8, 29],
    [21, 8, 29],
    [11, 3, 14],
    [4, null, 4],
    [null, null, null],
  ]);
  expect(calls[0]?.settings).toEqual({ temperature: 0.1, top_p: 0.9, max_tokens: 64 });
});

it("tells zero cached tokens from unknown ones", async () => {
  const calls = await calls_in("llm-traceloop-grpc.pb");
  expect(calls.map(({ tokens }) => tokens.cached_input)).toEqual([null, null, null, 0, null]);
});

it("finds the tool that a hand-made span ran", async () => {
  const traces = await capture_traces("llm-openinference-grpc.pb");
  expect(traces.flatMap(tool_executions)).toMatchObject([{ name: "lookup", call_id: null, status: "ok" }]);
});

it.each(["junjo-0.65.0-agent-grpc.pb", "junjo-0.68.0-agent-grpc.pb"])(
  "reads the model requests of an agent, and which span ran its tool: %s",
  async (name) => {
    const [trace = []] = await capture_traces(name);
    const calls = llm_calls(trace);
    expect(calls.map(({ requested_model, provider }) => [provider, requested_model])).toEqual([
      ["example", "scripted-v1"],
      ["example", "scripted-v1"],
    ]);
    expect(calls[1]?.input.map(({ role, parts }) => [role, parts[0]?.type])).toEqual([
      ["system", "text"],
      ["user", "other"],
      ["assistant", "tool_call"],
      ["tool", "tool_result"],
    ]);
    expect(calls[1]?.output[0]?.parts).toEqual([{ type: "other", value: { value: "X" } }]);
    const [requested] = requested_tool_calls(calls, tool_executions(trace));
    expect(requested).toMatchObject({
      call: { id: "upper-1", name: "upper", arguments: { value: "x" } },
      execution: { name: "upper", result: { value: "X" } },
      is_answered: true,
    });
    expect(llm_totals(calls, []).tokens).toMatchObject({ input: 14, output: 9, total: 23, reasoning: null });
  },
);

it.each([
  "junjo-0.62.1-llm-openinference-http.pb",
  "junjo-0.68.0-llm-openinference-http.pb",
  "junjo-0.68.0-llm-v2-grpc.pb",
])("sums the calls of a workflow's node: %s", async (name) => {
  const [trace = []] = await capture_traces(name);
  const [workflow] = workflow_runs(trace);
  const node = workflow?.executions.find(({ label }) => label === "Summarize");
  const route = workflow?.executions.find(({ label }) => label === "Route");
  const totals_in = (span_id = "") => llm_totals(calls_within(llm_calls(trace), trace, span_id), []);
  expect(totals_in(node?.span_id)).toMatchObject({ call_count: 1, tokens: { input: 21, output: 8, total: 29 } });
  expect(totals_in(workflow?.span_id)).toEqual(totals_in(node?.span_id));
  expect(totals_in(route?.span_id)).toMatchObject({ call_count: 0, tokens: { total: null }, cost: null });
});
