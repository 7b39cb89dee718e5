import { describe, expect, it } from "bun:test";
import { compare_runs, type RunComparison } from "../../../../src/studio/page/compare/index.ts";
import type { SpanRow } from "../../../../src/studio/page/model/span-row.ts";
import { workflow_runs } from "../../../../src/studio/page/workflow/index.ts";
import { capture_traces, span_row } from "../../../support/trace-rows.ts";

const PRICES = [{ model: "fake-model*", input: 10, output: 100 }];

function compared(before: readonly SpanRow[], after: readonly SpanRow[]): RunComparison {
  const [a, b] = [before, after].map((trace) => ({ trace, run_span_id: workflow_runs(trace)[0]?.span_id ?? "" }));
  const comparison = a && b && compare_runs(a, b, PRICES);
  if (!comparison) throw new Error("no runs");
  return comparison;
}

const told = ({ differences }: RunComparison) =>
  differences.map(({ kind, place, detail }) => `${kind} ${place}: ${detail}`);

/** The same trace as if it had run again: all ids are others. */
function run_again(trace: readonly SpanRow[]): SpanRow[] {
  const text = JSON.stringify(trace);
  const ids = new Set([
    ...trace.flatMap(({ span_id, junjo_id }) => [span_id, junjo_id ?? span_id]),
    ...text.matchAll(/"(?:nodeRuntimeId|id)":"([^"]+)"/g).map(([, id = ""]) => id),
  ]);
  const other = [...ids].reduce((all, id) => all.replaceAll(id, [...id].toReversed().join("")), text);
  return JSON.parse(other) as SpanRow[];
}

describe.each(["junjo-0.50.1-flow-grpc.pb", "junjo-0.68.0-flow-grpc.pb"])("%s", (name) => {
  it("finds no difference in the same run under other ids", async () => {
    const [long = []] = await capture_traces(name);
    const comparison = compared(long, run_again(long));
    expect(comparison.differences).toEqual([]);
    expect(comparison.executions).toHaveLength(9);
    expect(comparison.executions.every(({ before, after }) => before && after)).toBe(true);
  });

  it("finds where the long and the short path part", async () => {
    const [long = [], short = []] = await capture_traces(name);
    const comparison = compared(long, short);
    expect(told(comparison)).toEqual([
      "state start: the start state differs at /message",
      "state Intake: change 1 differs at /patch/0/value",
      ...["FanOut", "Enrich", "ScoreFlow", "ScoreA", "ScoreB"].map(
        (label) => `path ${label}: ran before, and not after`,
      ),
      "state Summarize: change 1 differs at /patch/0/value",
    ]);
    expect(comparison.first_of_kind.path?.place).toBe("FanOut");
    expect(comparison.first_of_kind.state?.after).toMatchObject({ message: "short" });
  });

  it("puts what ran only after where it ran", async () => {
    const [long = [], short = []] = await capture_traces(name);
    const { executions } = compared(short, long);
    expect(executions.map(({ label }) => label)).toEqual([
      "Intake",
      "Route",
      "FanOut",
      "Enrich",
      "ScoreFlow",
      "ScoreA",
      "ScoreB",
      "Summarize",
      "Done",
    ]);
    expect(executions[2]?.differences[0]).toMatchObject({ kind: "path", detail: "ran after, and not before" });
  });
});

describe("with calls of a language model", () => {
  it("finds the prompt that differs, and what each node took", async () => {
    const [long = [], short = []] = await capture_traces("junjo-0.68.0-llm-openinference-http.pb");
    const comparison = compared(long, short);
    expect(comparison.first_of_kind.prompt).toMatchObject({
      place: "Summarize",
      detail: "prompt 1 differs at /messages/0/parts/0/text",
      before: { model: "fake-model", settings: { temperature: 0.2 } },
    });
    expect(comparison.first_of_kind.answer).toBeUndefined();
    const summarize = comparison.nodes.find(({ label }) => label === "Summarize");
    expect(summarize?.before?.llm).toMatchObject({ call_count: 1, tokens: { total: 29 }, calls_without_cost: 0 });
    expect(summarize?.before?.llm.cost).toBeCloseTo((21 * 10 + 8 * 100) / 1e6, 10);
    expect(summarize?.after?.duration_ns).toBeLessThan(summarize?.before?.duration_ns ?? 0);
    const fan_out = comparison.nodes.find(({ label }) => label === "FanOut");
    expect(fan_out).toMatchObject({ before: { execution_count: 1, llm: { cost: null } }, after: null });
    expect(comparison.totals.after.llm.tokens.total).toBe(29);
  });

  it("compares tool calls by what was called, whatever their ids", () => {
    const trace = (id: string, city: string) => {
      const tool_calls = [{ id, function: { name: "weather", arguments: { city } } }];
      const workflow = span_row({
        junjo_span_type: "workflow",
        junjo_wf_graph_structure: { nodes: [{ id: "n", label: "Ask" }] },
      });
      const node = span_row({ name: "Ask", junjo_span_type: "node", junjo_id: "n", parent_span_id: workflow.span_id });
      const attributes_json = { "gen_ai.output.messages": [{ role: "assistant", tool_calls }] };
      return [workflow, node, span_row({ is_llm: true, parent_span_id: node.span_id, attributes_json })];
    };
    expect(told(compared(trace("c1", "Zürich"), trace("c2", "Zürich")))).toEqual([]);
    expect(told(compared(trace("c1", "Zürich"), trace("c2", "Bern")))).toEqual([
      "tool_call Ask: tool call 1 differs at /args/city",
    ]);
  });
});

it("finds a node that failed where it had not", async () => {
  const [, , failing = []] = await capture_traces("junjo-0.68.0-flow-grpc.pb");
  const mended = failing.map((span) => ({ ...span, status_code: "0" }));
  const [difference, ...others] = compared(mended, failing).differences;
  expect(others).toEqual([]);
  expect(difference).toMatchObject({
    kind: "outcome",
    place: "Explode",
    before: { status: "ok", error: null },
    after: { status: "error", error: "the node failed on purpose: ☠" },
  });
});

it("compares nothing with a run that is not there", () => {
  const there = { trace: [span_row({ junjo_span_type: "workflow" })], run_span_id: "?" };
  expect(compare_runs(there, there)).toBeNull();
});
