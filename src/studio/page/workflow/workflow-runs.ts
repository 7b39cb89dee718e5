import { as_text } from "../model/json.ts";
import { compare, duration_ns, error_of, start_unix_nano, status_of, type SpanRow } from "../model/span-row.ts";
import { runs_of, type RunSpans } from "./enclosing.ts";
import { place_executions, summarize_nodes } from "./executions.ts";
import { run_gaps, span_gaps } from "./gaps.ts";
import { replay_state } from "./replay.ts";
import type { Gap, WorkflowRun } from "./types.ts";

/**
 * The workflows, subflows and agents that ran in a trace, by start, each with its graph, which spans ran which nodes, every
 * state that its store was in, and what is missing or does not fit.
 *
 * `trace`: all span rows of one trace, in any order; they are not changed. Spans of workflows that have not arrived are
 * made up from those of their nodes. Never throws on what an SDK may have sent.
 */
export function workflow_runs(trace: readonly SpanRow[]): WorkflowRun[] {
  const all = runs_of(trace);
  return all
    .map((run) => model_of(run, all, trace))
    .sort((a, b) => compare(a.start_unix_nano, b.start_unix_nano) || compare(a.span_id, b.span_id));
}

/** What is missing in a trace, of all its spans: dropped by the SDK, cut, or with a parent that is not there. */
export const trace_gaps = (trace: readonly SpanRow[]): Gap[] => span_gaps(trace, trace);

function model_of(run: RunSpans, all: readonly RunSpans[], trace: readonly SpanRow[]): WorkflowRun {
  const { span, span_id, kind, graph } = run;
  const { executions, transitions } = place_executions(run, all);
  const state = replay_state(run, all, trace, executions);
  const first = span ?? run.spans[0];
  return {
    span_id,
    span,
    kind,
    name: as_text(span?.name) ?? `${kind} ${span_id}`,
    parent_run_span_id: run.parent_run?.span_id ?? null,
    status: span ? status_of(span) : "unfinished",
    error: span ? error_of(span) : null,
    start_unix_nano: first ? start_unix_nano(first) : 0n,
    duration_ns: span ? duration_ns(span) : null,
    graph,
    executions,
    transitions,
    nodes: graph ? summarize_nodes(graph, executions) : [],
    state,
    gaps: run_gaps(run, trace, executions, state),
  };
}
