import { as_text } from "../model/json.ts";
import { by_start, compare, start_unix_nano, type SpanRow } from "../model/span-row.ts";
import { read_graph } from "./graph.ts";
import type { WorkflowGraph, WorkflowRun } from "./types.ts";

/** A run, and the spans of Junjo that are directly in it. Its own span may not have arrived. */
export type RunSpans = {
  span_id: string;
  span: SpanRow | null;
  kind: WorkflowRun["kind"];
  graph: WorkflowGraph | null;
  parent_run: RunSpans | null;
  /** What ran in it: nodes, concurrent groups and subflows, by start; in an agent, its operations. */
  members: SpanRow[];
  /** All spans that are in it and in no run within it, itself among them. */
  spans: SpanRow[];
};

const is_run = ({ junjo_span_type: type }: SpanRow) => type === "workflow" || type === "subflow" || type === "agent";

export const is_member = (span: SpanRow): boolean =>
  ["node", "run_concurrent", "subflow"].includes(span.junjo_span_type ?? "") ||
  "junjo.agent.operation_type" in span.attributes_json;

/** The ids by which other spans name this one as their parent. */
export const ids_of = (span: SpanRow): string[] =>
  [span.attributes_json["junjo.executable_runtime_id"], span.junjo_id].flatMap((id) => as_text(id) ?? []);

const parent_ids_of = (span: SpanRow): string[] =>
  [span.attributes_json["junjo.parent_executable_runtime_id"], span.junjo_parent_id].flatMap((id) => as_text(id) ?? []);

const run_of_span = (span: SpanRow): RunSpans => ({
  span_id: span.span_id,
  span,
  kind: span.junjo_span_type as WorkflowRun["kind"],
  graph: span.junjo_span_type === "agent" ? null : read_graph(span.junjo_wf_graph_structure),
  parent_run: null,
  members: [],
  spans: [span],
});

/** Sorts a trace's spans into its runs, which come by start. Spans outside of any run are in none. */
export function runs_of(trace: readonly SpanRow[]): RunSpans[] {
  const spans = [...new Map(trace.map((span) => [span.span_id, span])).values()].sort(by_start);
  const by_id = new Map(spans.map((span) => [span.span_id, span]));
  const runs = new Map(spans.filter(is_run).map((span) => [span.span_id, run_of_span(span)]));

  const top_of = climber(by_id, runs);

  /** The run that a span's parent is or is in, by span ids; or the last span before the parents are missing. */
  const climb = (span: SpanRow): { run: RunSpans | undefined; top: SpanRow } => {
    const top = top_of(span);
    return { run: top.parent_span_id === null ? undefined : runs.get(top.parent_span_id), top };
  };

  /** The same by Junjo's own ids, for when spans between have not arrived; of several the last that had begun. */
  const by_junjo_ids = (top: SpanRow): RunSpans | undefined => {
    const wanted = parent_ids_of(top);
    const named = spans.findLast(
      (other) =>
        other !== top &&
        ids_of(other).some((id) => wanted.includes(id)) &&
        compare(start_unix_nano(other), start_unix_nano(top)) <= 0,
    );
    if (named) return runs.get(named.span_id) ?? climb(named).run;
    return [...runs.values()].find(({ graph }) => graph?.nodes.some(({ id }) => wanted.includes(id)));
  };

  for (const span of spans) {
    const { run: found, top } = climb(span);
    const has_lost_parent = top.parent_span_id !== null && !by_id.has(top.parent_span_id);
    let run = found ?? (has_lost_parent ? by_junjo_ids(top) : undefined);
    if (!run && has_lost_parent && top.parent_span_id !== null && is_member(top)) {
      // Its workflow has not ended yet, or was lost: what is there of it is shown all the same.
      const kind = top.junjo_span_type === null ? "agent" : "workflow";
      run = { span_id: top.parent_span_id, span: null, kind, graph: null, parent_run: null, members: [], spans: [] };
      runs.set(run.span_id, run);
    }
    const own = runs.get(span.span_id);
    if (run === own) continue;
    if (own) own.parent_run = run ?? null;
    else run?.spans.push(span);
    if (is_member(span)) run?.members.push(span);
  }
  return [...runs.values()];
}

/**
 * Finds the span that a span is below, or is, whose parent is a run, or is not there. Each way up is gone once: of a deep
 * trace's spans all would go nearly the same. Runs of spans that are not there may be added while it is in use.
 */
function climber(by_id: ReadonlyMap<string, SpanRow>, runs: ReadonlyMap<string, RunSpans>) {
  const tops = new Map<string, SpanRow>();
  return (span: SpanRow): SpanRow => {
    const way: SpanRow[] = [];
    let at: SpanRow | undefined = span;
    let top = span;
    while (at !== undefined) {
      const known = tops.get(at.span_id);
      if (known !== undefined) {
        top = known;
        break;
      }
      way.push(at);
      top = at;
      // Spans that are each other's parents lead back here.
      tops.set(at.span_id, at);
      const parent_id: string | null = at.parent_span_id;
      at = parent_id === null || runs.has(parent_id) ? undefined : by_id.get(parent_id);
    }
    for (const { span_id } of way) tops.set(span_id, top);
    return top;
  };
}
