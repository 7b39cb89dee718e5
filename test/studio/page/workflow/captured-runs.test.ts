import { describe, expect, it } from "bun:test";
import { layout_graph, workflow_runs, type WorkflowRun } from "../../../../src/studio/page/workflow/index.ts";
import { capture_names } from "../../../support/captures.ts";
import { capture_traces } from "../../../support/trace-rows.ts";

const FLOWS = capture_names("-flow-grpc.pb");

const label_of = ({ graph }: WorkflowRun, node_id: string | null) =>
  graph?.nodes.find(({ id }) => id === node_id)?.label ?? null;

const path_of = (run: WorkflowRun) =>
  run.transitions.map(({ tail_span_id, head_span_id, edge_id }) => {
    const [tail, head] = [tail_span_id, head_span_id].map(
      (id) => run.executions.find(({ span_id }) => span_id === id)?.label,
    );
    const { condition } = run.graph?.edges.find(({ id }) => id === edge_id) ?? { condition: "no edge" };
    return `${tail} > ${head}${condition === null ? "" : ` (${condition})`}`;
  });

const not_run = (run: WorkflowRun) =>
  run.nodes.filter(({ status }) => status === "not_run").map(({ node_id }) => label_of(run, node_id));

it("finds captures of all versions", () => {
  expect(FLOWS).toHaveLength(9);
});

describe.each(FLOWS)("%s", (name) => {
  const runs = capture_traces(name).then((traces) => traces.map(workflow_runs));
  const all = async () => {
    const [long = [], short = [], failing = []] = await runs;
    const [workflow, subflow] = long;
    const [short_run] = short;
    const [failing_run] = failing;
    if (!workflow || !subflow || !short_run || !failing_run) throw new Error("a run is missing");
    return { workflow, subflow, short_run, failing_run };
  };

  it("has a run for each workflow and subflow, and nothing is missing in any", async () => {
    expect((await runs).map((trace) => trace.map((run) => [run.kind, run.name, run.status]))).toEqual([
      [
        ["workflow", "Chat Workflow", "ok"],
        ["subflow", "ScoreFlow", "ok"],
      ],
      [["workflow", "Chat Workflow", "ok"]],
      [["workflow", "Failing Workflow", "error"]],
    ]);
    expect((await runs).flat().flatMap(({ gaps }) => gaps)).toEqual([]);
  });

  it("has a concurrent group with a node and a subflow in it, and the subflow's nodes in that", async () => {
    const { workflow } = await all();
    const nodes = workflow.graph?.nodes ?? [];
    const places = nodes.map(({ label, kind, parent_id }) => [label, kind, label_of(workflow, parent_id)]);
    expect(places).toEqual([
      ["Intake", "node", null],
      ["Done", "node", null],
      ["Route", "node", null],
      ["FanOut", "concurrent", null],
      ["Enrich", "node", "FanOut"],
      ["ScoreFlow", "subflow", "FanOut"],
      ["ScoreA", "node", "ScoreFlow"],
      ["ScoreB", "node", "ScoreFlow"],
      ["Summarize", "node", null],
    ]);
  });

  it("followed the edges of the long path, by the condition, and ran every node once", async () => {
    const { workflow, subflow } = await all();
    expect(path_of(workflow).sort()).toEqual([
      "FanOut > Summarize",
      "Intake > Route",
      "Route > FanOut (IsLong)",
      "ScoreA > ScoreB",
      "Summarize > Done",
    ]);
    expect(workflow.executions.map(({ label }) => label)).toEqual([
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
    expect(workflow.nodes.map(({ execution_count }) => execution_count)).toEqual(workflow.nodes.map(() => 1));
    // A subflow's own graph has other ids than the graph around it from 0.60 on; its spans are found in both.
    const run_in_subflow = workflow.executions.filter(({ run_span_id }) => run_span_id === subflow.span_id);
    expect(run_in_subflow.map(({ span_id }) => span_id)).toEqual(subflow.executions.map(({ span_id }) => span_id));
    expect(path_of(subflow)).toEqual(["ScoreA > ScoreB"]);
  });

  it("did not run the group on the short path", async () => {
    const { short_run } = await all();
    expect(path_of(short_run)).toEqual(["Intake > Route", "Route > Summarize", "Summarize > Done"]);
    expect(not_run(short_run)).toEqual(["FanOut", "Enrich", "ScoreFlow", "ScoreA", "ScoreB"]);
  });

  it("stopped at the node that failed, and says why", async () => {
    const { failing_run } = await all();
    expect(failing_run.executions.map(({ label, status }) => [label, status])).toEqual([
      ["Intake", "ok"],
      ["Explode", "error"],
    ]);
    expect(failing_run.executions[1]?.error).toContain("the node failed on purpose: ☠");
    expect(failing_run.state.steps.at(-1)).toMatchObject({ action: "append_tag", after: { tags: ["about to fail"] } });
  });

  it("tells each change of the state, which node made it, and what it changed", async () => {
    const { workflow, subflow } = await all();
    const steps = workflow.state.steps.map(({ action, node_id, store_name, changes }) => [
      action,
      label_of(workflow, node_id),
      store_name,
      changes,
    ]);
    expect(steps).toEqual([
      ["set_length", "Intake", "ChatStore", [{ path: "/length", kind: "changed", before: 0, after: 29 }]],
      ["set_length", "Intake", "ChatStore", []],
      ["append_tag", "Route", "ChatStore", [{ path: "/tags/0", kind: "added", after: "routed" }]],
      [
        "set_scores",
        "ScoreFlow",
        "ChatStore",
        [
          { path: "/scores/a", kind: "added", after: 4.142857142857143 },
          { path: "/scores/b", kind: "added", after: 0.001 },
        ],
      ],
      ["append_tag", "Enrich", "ChatStore", [{ path: "/tags/1", kind: "added", after: "enriched ✓ café 🚀" }]],
      [
        "set_summary",
        "Summarize",
        "ChatStore",
        [{ path: "/summary", kind: "changed", before: null, after: "please summa" }],
      ],
    ]);
    expect(workflow.state.replayed_end).toEqual(workflow.state.reported_end);
    expect(subflow.state.steps.map(({ action, node_id }) => [action, label_of(subflow, node_id)])).toEqual([
      ["set_text", null],
      ["set_a", "ScoreA"],
      ["set_b", "ScoreB"],
    ]);
    expect(subflow.state.replayed_end).toEqual({
      text: "please summarise this message",
      a: 4.142857142857143,
      b: 0.001,
    });
  });

  it("is laid out with everything inside of what it is in, and nothing on top of another", async () => {
    const { workflow } = await all();
    if (!workflow.graph) throw new Error("no graph");
    const { boxes, lines, width, height } = layout_graph(workflow.graph);
    expect(boxes).toHaveLength(9);
    for (const box of boxes) {
      const around = boxes.find(({ node_id }) => node_id === box.parent_id) ?? { width, height };
      expect(box.x).toBeGreaterThanOrEqual(0);
      expect(box.y).toBeGreaterThanOrEqual(0);
      expect(box.x + box.width).toBeLessThanOrEqual(around.width);
      expect(box.y + box.height).toBeLessThanOrEqual(around.height);
      const beside = boxes.filter((other) => other !== box && other.parent_id === box.parent_id);
      const is_apart = (other: typeof box) =>
        other.x >= box.x + box.width ||
        box.x >= other.x + other.width ||
        other.y >= box.y + box.height ||
        box.y >= other.y + other.height;
      expect(beside.every(is_apart)).toBe(true);
    }
    expect(lines.every(({ points }) => points.length > 1 && points.every(({ x, y }) => x >= 0 && y >= 0))).toBe(true);
  });
});

describe.each(["junjo-0.65.0-flow-grpc.pb", "junjo-0.68.0-flow-grpc.pb"])("%s", (name) => {
  it("has the store's own count and revisions", async () => {
    const [long = []] = await capture_traces(name);
    const steps = workflow_runs(long)[0]?.state.steps ?? [];
    expect(
      steps.map(({ sequence, revision_before, revision_after }) => [sequence, revision_before, revision_after]),
    ).toEqual([
      [1, 0, 1],
      [2, 1, 1],
      [3, 1, 2],
      [4, 2, 3],
      [5, 3, 4],
      [6, 4, 5],
    ]);
  });
});

it.each(capture_names("-agent-grpc.pb"))("replays an agent's state: %s", async (name) => {
  const [trace = []] = await capture_traces(name);
  const [agent] = workflow_runs(trace);
  expect(agent).toMatchObject({ kind: "agent", name: "Helper Agent", graph: null, gaps: [] });
  expect(agent?.executions.map(({ label }) => label)).toEqual(["model request 1", "tool upper", "model request 2"]);
  expect(agent?.state.steps.map(({ action }) => action)).toEqual([
    "record_model_start",
    "record_model_response",
    "admit_tool_batch",
    "record_tool_started",
    "record_tool_result",
    "record_model_start",
    "record_model_response",
    "commit_success",
  ]);
  expect(agent?.state.replayed_end).toEqual(agent?.state.reported_end);
  expect(agent?.state.replayed_end).toMatchObject({
    final_output: { value: "X" },
    completed_tool_call_ids: ["upper-1"],
  });
});
