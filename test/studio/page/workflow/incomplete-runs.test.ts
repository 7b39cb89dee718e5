import { describe, expect, it } from "bun:test";
import type { SpanEvent, SpanRow } from "../../../../src/studio/page/model/span-row.ts";
import { trace_gaps, workflow_runs, type WorkflowRun } from "../../../../src/studio/page/workflow/index.ts";
import { capture_traces, span_row } from "../../../support/trace-rows.ts";

const [LONG = []] = await capture_traces("junjo-0.68.0-flow-grpc.pb");
const [OLD = []] = await capture_traces("junjo-0.50.1-flow-grpc.pb");

const without = (trace: readonly SpanRow[], ...names: string[]) => trace.filter(({ name }) => !names.includes(name));
const changed = (trace: readonly SpanRow[], name: string, change: (span: SpanRow) => Partial<SpanRow>) =>
  trace.map((span) => (span.name === name ? { ...span, ...change(span) } : span));
const first_run = (trace: readonly SpanRow[]): WorkflowRun => {
  const [run] = workflow_runs(trace);
  if (!run) throw new Error("no run");
  return run;
};
const gaps_of = (run: WorkflowRun) => run.gaps.map(({ kind, detail }) => `${kind}: ${detail}`);
const set_state = (time: number, patch: unknown, attributes = {}): SpanEvent => ({
  name: "set_state",
  timeUnixNano: time,
  attributes: { "junjo.store.id": "store", "junjo.state_json_patch": JSON.stringify(patch), ...attributes },
  droppedAttributesCount: 0,
});

describe("a workflow whose span has not arrived", () => {
  const run = first_run(without(LONG, "Chat Workflow"));

  it("is there all the same, with what ran in it", () => {
    expect(run).toMatchObject({ span: null, kind: "workflow", status: "unfinished", graph: null });
    expect(run.executions.map(({ label }) => label)).toContain("ScoreB");
    expect(run.executions.map(({ label }) => label)).toContain("Done");
  });

  it("has its changes, but no states", () => {
    const { start, steps } = run.state;
    expect(start).toBeNull();
    expect(steps.map(({ action, after }) => [action, after])).toEqual(
      ["set_length", "set_length", "append_tag", "set_scores", "append_tag", "set_summary"].map((action) => [
        action,
        null,
      ]),
    );
    const kinds = run.gaps.map(({ kind }) => kind);
    expect(kinds).toContain("run_span_missing");
    expect(kinds).toContain("start_state_missing");
    expect(kinds).not.toContain("patch_not_applied");
  });
});

it.each([
  ["0.68", LONG],
  ["0.50", OLD],
])("finds the workflow of spans whose concurrent group is missing: %s", (_, trace) => {
  const [workflow, ...others] = workflow_runs(without(trace, "FanOut"));
  expect(others.map(({ name }) => name)).toEqual(["ScoreFlow"]);
  const by_label = Object.groupBy(workflow?.executions ?? [], ({ label }) => label);
  expect(by_label["Enrich"]?.[0]?.node_id).toEqual(expect.any(String));
  expect(by_label["ScoreA"]?.[0]?.node_id).toEqual(expect.any(String));
  expect(workflow?.gaps.map(({ kind }) => kind)).toContain("parent_missing");
});

describe("state", () => {
  it("names changes that are missing, and where the revisions and the end do not fit", () => {
    expect(gaps_of(first_run(without(LONG, "Route")))).toEqual([
      "executions_missing: 6 nodes ran, and 5 spans of nodes are here",
      "patch_not_applied: append_tag: The specified index MUST NOT be greater than the number of elements in the array",
      "transitions_missing: change 3 is missing",
      "revision_gap: set_scores began at revision 2, not at 1",
      "transitions_missing: the store changed 6 times, and 5 changes are here",
      "end_state_differs: the changes do not lead to the end state: /tags/0, /tags/1",
    ]);
  });

  it("stays as it was at a patch that does not apply", () => {
    const { steps } = first_run(without(LONG, "Route")).state;
    const step = steps.find(({ problem }) => problem !== null);
    expect(step?.after).toEqual(step?.before);
    expect(step?.changes).toEqual([]);
    expect(steps.at(-1)?.after).toMatchObject({ summary: "please summa", tags: [] });
  });

  it("takes no patch that was cut for one", () => {
    const cut = changed(LONG, "Summarize", ({ events_json }) => ({
      events_json: events_json.map((event) => ({
        ...event,
        attributes: { ...event.attributes, "junjo.state_json_patch": '[{"op":"repl' },
      })),
    }));
    expect(gaps_of(first_run(cut))).toEqual([
      "patch_not_applied: set_summary: the patch is not a list of JSON Patch operations",
      "end_state_differs: the changes do not lead to the end state: /summary",
    ]);
  });

  it("says so when there is none at the start or end, or no graph", () => {
    const bare = changed(LONG, "Chat Workflow", () => ({
      junjo_wf_state_start: null,
      junjo_wf_state_end: '{"cut":',
      junjo_wf_graph_structure: "{",
    }));
    const kinds = first_run(bare).gaps.map(({ kind }) => kind);
    expect(kinds).toEqual(["graph_missing", "start_state_missing", "end_state_missing"]);
  });

  it("is in the order of the store's count, whatever the times say; without one, in that of times", () => {
    const count = (sequence: number) => ({ "junjo.store.transition.sequence": sequence });
    const run = (counts: number[]) =>
      first_run([
        span_row({
          junjo_span_type: "workflow",
          junjo_wf_store_id: "store",
          junjo_wf_state_start: { log: [] },
          events_json: [30, 20].map((time, index) =>
            set_state(
              time,
              [{ op: "add", path: "/log/-", value: time }],
              counts.length > 0 ? count(counts[index] ?? 0) : {},
            ),
          ),
        }),
      ]).state.replayed_end;
    expect(run([2, 1])).toEqual({ log: [20, 30] });
    expect(run([1, 2])).toEqual({ log: [30, 20] });
    // The events of one span stand in the order in which they were made.
    expect(run([])).toEqual({ log: [30, 20] });
  });

  it("keeps every digit of long integers, also of those that a patch copies", () => {
    const patches = [
      '[{"op":"add","path":"/orders","value":[{"id":9007199254740993}]}]',
      '[{"op":"copy","from":"/orders/0","path":"/last"},{"op":"replace","path":"/orders/0/id","value":9007199254740995}]',
    ];
    const events = patches.map((patch, index) => set_state(index, [], { "junjo.state_json_patch": patch }));
    const [run] = workflow_runs([
      span_row({
        junjo_span_type: "workflow",
        junjo_wf_store_id: "store",
        junjo_wf_state_start: '{"user":9007199254740993}',
        events_json: events,
      }),
    ]);
    expect(run?.state.steps.map(({ problem }) => problem)).toEqual([null, null]);
    expect(run?.state.replayed_end).toEqual({
      user: 9007199254740993n,
      orders: [{ id: 9007199254740995n }],
      last: { id: 9007199254740993n },
    });
  });

  it("keeps a text that looks like what integers are marked with", () => {
    const [run] = workflow_runs([
      span_row({
        junjo_span_type: "workflow",
        junjo_wf_store_id: "store",
        junjo_wf_state_start: { note: "\uffff one" },
        events_json: [set_state(1, [{ op: "add", path: "/n", value: 1 }])],
      }),
    ]);
    expect(run?.state.steps.map(({ problem, after }) => [problem, after])).toEqual([
      [null, { note: "\uffff one", n: 1 }],
    ]);
  });

  it("is a new value at each step, and what was given is not changed", () => {
    const freeze = (value: unknown): void => {
      if (typeof value !== "object" || value === null) return;
      Object.freeze(value);
      Object.values(value).forEach(freeze);
    };
    const frozen = structuredClone(LONG);
    freeze(frozen);
    const { state } = first_run(frozen);
    expect(state.start).toMatchObject({ tags: [], length: 0 });
    expect(state.steps.map(({ after }) => (after as { tags: string[] }).tags.length)).toEqual([0, 0, 1, 1, 2, 2]);
  });
});

it("tells what the SDK dropped, payloads that are not whole, and spans that have not ended", () => {
  const trace = changed(LONG, "Enrich", ({ events_json, attributes_json }) => ({
    dropped_attributes_count: 1,
    dropped_events_count: 2,
    dropped_links_count: 3,
    end_time: "1970-01-01T00:00:00.000000+00:00",
    attributes_json: { ...attributes_json, "junjo.x.mode": "omitted", "junjo.x.policy": "junjo.none.v1" },
    events_json: events_json.map((event) => ({ ...event, droppedAttributesCount: 4 })),
  }));
  const expected = [
    "dropped_attributes: Enrich: the SDK dropped 1 attributes",
    "dropped_attributes: Enrich: the SDK dropped 4 attributes of events",
    "dropped_events: Enrich: the SDK dropped 2 events",
    "dropped_links: Enrich: the SDK dropped 3 links",
    "payload_not_full: Enrich: junjo.x is omitted (policy: junjo.none.v1)",
  ];
  expect(gaps_of(first_run(trace))).toEqual([...expected, "unfinished: Enrich has not ended"]);
  expect(trace_gaps(trace).map(({ kind, detail }) => `${kind}: ${detail}`)).toEqual(expected);
});

it("counts how often a loop ran its nodes, and which edges that took", () => {
  const workflow = span_row({
    name: "Loop",
    junjo_span_type: "workflow",
    junjo_id: "w",
    junjo_wf_state_start: {},
    junjo_wf_state_end: {},
    junjo_wf_graph_structure: {
      v: 1,
      nodes: ["try", "check", "done"].map((id) => ({ id, type: "Node", label: id })),
      edges: [
        { id: "1", source: "try", target: "check", condition: null },
        { id: "2", source: "check", target: "try", condition: "Again" },
        { id: "3", source: "check", target: "done", condition: null },
      ],
    },
  });
  const steps = ["try", "check", "try", "check", "done"].map((id, index) =>
    span_row({
      name: id,
      junjo_span_type: "node",
      junjo_id: id,
      parent_span_id: workflow.span_id,
      start_time: `2026-11-23T18:00:00.${index + 1}00000+00:00`,
      end_time: `2026-11-23T18:00:00.${index + 1}50000+00:00`,
      status_code: index === 2 ? "2" : "0",
    }),
  );
  const run = first_run([...steps.toReversed(), workflow]);
  expect(run.executions.map(({ label, nth }) => `${label} ${nth}`)).toEqual([
    "try 1",
    "check 1",
    "try 2",
    "check 2",
    "done 1",
  ]);
  expect(run.nodes).toEqual([
    { node_id: "try", execution_count: 2, status: "error", duration_ns: 100_000_000 },
    { node_id: "check", execution_count: 2, status: "ok", duration_ns: 100_000_000 },
    { node_id: "done", execution_count: 1, status: "ok", duration_ns: 50_000_000 },
  ]);
  const edges = run.transitions.map(({ edge_id }) => run.graph?.edges.find(({ id }) => id === edge_id));
  expect(edges.map((edge) => `${edge?.tail_id}-${edge?.head_id}`)).toEqual([
    "try-check",
    "check-try",
    "try-check",
    "check-done",
  ]);
  expect(run.gaps).toEqual([]);
});

it("finds the run that spans are in however deep below it they are, whichever come first", () => {
  const id = (number: number) => number.toString(16).padStart(16, "0");
  const depth = 3_000;
  const chain = Array.from({ length: depth }, (_, number) =>
    span_row({
      span_id: id(number + 1),
      parent_span_id: number === 0 ? null : id(number),
      junjo_span_type: number === 0 ? "workflow" : number % 1_000 === 999 ? "node" : null,
    }),
  );
  for (const trace of [chain, chain.toReversed()]) {
    const [run, ...others] = workflow_runs(trace);
    expect(others).toEqual([]);
    expect(run?.executions.map(({ span_id }) => span_id).sort()).toEqual([id(1_000), id(2_000), id(3_000)]);
  }
  // The same below a workflow that has not arrived.
  const [run] = workflow_runs(chain.slice(999));
  expect(run).toMatchObject({ span: null, span_id: id(999) });
  expect(run?.executions).toHaveLength(3);
});

it("comes to an end with spans that are each other's parents", () => {
  const [a, b] = ["a".repeat(16), "b".repeat(16)] as const;
  const ring = [
    span_row({ span_id: a, parent_span_id: b, junjo_span_type: "subflow", junjo_wf_graph_structure: { nodes: [] } }),
    span_row({ span_id: b, parent_span_id: a, junjo_span_type: "subflow", junjo_wf_graph_structure: { nodes: [] } }),
  ];
  expect(workflow_runs(ring).map(({ kind }) => kind)).toEqual(["subflow", "subflow"]);
});
