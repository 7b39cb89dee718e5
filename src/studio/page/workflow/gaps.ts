import { json_changes } from "../model/json-diff.ts";
import { as_text, is_object } from "../model/json.ts";
import { has_ended, number_of, type SpanRow } from "../model/span-row.ts";
import type { RunSpans } from "./enclosing.ts";
import type { Gap, GapKind, NodeExecution, WorkflowState } from "./types.ts";

const PATHS_SHOWN_MAX = 3;

/** What a trace's spans tell of what is missing: things that an SDK dropped, and parents that are not there. */
export function span_gaps(spans: readonly SpanRow[], trace: readonly SpanRow[]): Gap[] {
  const ids = new Set(trace.map(({ span_id }) => span_id));
  return spans.flatMap((span) => {
    const gap = (kind: GapKind, detail: string): Gap => ({ kind, span_id: span.span_id, detail });
    const of_events = span.events_json.reduce((sum, event) => sum + event.droppedAttributesCount, 0);
    const dropped = (kind: GapKind, count: number, what: string) =>
      count > 0 ? gap(kind, `${span.name}: the SDK dropped ${count} ${what}`) : [];
    return [
      dropped("dropped_attributes", span.dropped_attributes_count, "attributes"),
      dropped("dropped_attributes", of_events, "attributes of events"),
      dropped("dropped_events", span.dropped_events_count, "events"),
      dropped("dropped_links", span.dropped_links_count, "links"),
      span.parent_span_id !== null && !ids.has(span.parent_span_id)
        ? gap("parent_missing", `${span.name}: its parent ${span.parent_span_id} is not in the trace`)
        : [],
      payload_gaps(span),
    ].flat();
  });
}

/** From 0.65 on the SDK says of each payload whether it is whole, and by which policy it was made. */
function payload_gaps(span: SpanRow): Gap[] {
  return [span.attributes_json, ...span.events_json.map(({ attributes }) => attributes)].flatMap((attributes) =>
    Object.entries(attributes).flatMap(([key, mode]): Gap[] => {
      if (!key.startsWith("junjo.") || !key.endsWith(".mode") || typeof mode !== "string" || mode === "full") return [];
      const payload = key.slice(0, -".mode".length);
      const policy = as_text(attributes[`${payload}.policy`]) ?? "none is named";
      const detail = `${span.name}: ${payload} is ${mode} (policy: ${policy})`;
      return [{ kind: "payload_not_full", span_id: span.span_id, detail }];
    }),
  );
}

/** What is missing of one run, or does not fit. */
export function run_gaps(
  run: RunSpans,
  trace: readonly SpanRow[],
  executions: readonly NodeExecution[],
  state: WorkflowState,
): Gap[] {
  const { span, span_id, graph, kind } = run;
  const gap = (gap_kind: GapKind, detail: string): Gap => ({ kind: gap_kind, span_id, detail });
  const gaps = span_gaps(run.spans, trace);
  if (!span) gaps.push(gap("run_span_missing", `the span of the ${kind} itself has not arrived`));
  for (const { name, span_id: id } of run.spans.filter((other) => !has_ended(other))) {
    gaps.push({ kind: "unfinished", span_id: id, detail: `${name} has not ended` });
  }
  if (kind === "agent") return [...gaps, ...state_gaps(run, state)];
  if (!graph) gaps.push(gap("graph_missing", `the ${kind} has no graph`));
  else {
    for (const { label, span_id: id } of executions.filter(({ node_id }) => node_id === null)) {
      gaps.push({ kind: "node_not_in_graph", span_id: id, detail: `the graph has no node for ${label}` });
    }
  }
  const counted = number_of(span?.attributes_json, "junjo.workflow.node.count");
  // Junjo counts nodes, not the concurrent groups they are in, and those that failed only in some cases.
  const seen = executions.filter((one) => one.run_span_id === span_id && one.kind !== "concurrent").length;
  if (counted !== null && seen < counted) {
    gaps.push(gap("executions_missing", `${counted} nodes ran, and ${seen} spans of nodes are here`));
  }
  return [...gaps, ...state_gaps(run, state)];
}

function state_gaps({ span, span_id, kind }: RunSpans, state: WorkflowState): Gap[] {
  const { start, steps, replayed_end, reported_end } = state;
  const gap = (gap_kind: GapKind, detail: string, at = span_id): Gap => ({ kind: gap_kind, span_id: at, detail });
  const gaps: Gap[] = [];
  if (start === null) gaps.push(gap("start_state_missing", `the ${kind} has no state at its start`));
  if (reported_end === null) gaps.push(gap("end_state_missing", `the ${kind} has no state at its end`));
  for (const step of start === null ? [] : steps) {
    if (step.problem !== null) {
      gaps.push(gap("patch_not_applied", `${step.action ?? "a change"}: ${step.problem}`, step.span_id));
    }
  }
  gaps.push(...order_gaps(state, number_of(span?.attributes_json, "junjo.store.revision.start"), span_id));
  const counted = number_of(span?.attributes_json, "junjo.store.transition.count");
  if (counted !== null && counted !== steps.length) {
    gaps.push(gap("transitions_missing", `the store changed ${counted} times, and ${steps.length} changes are here`));
  }
  const last = steps.at(-1)?.revision_after ?? null;
  const revision_end = number_of(span?.attributes_json, "junjo.store.revision.end");
  if (last !== null && revision_end !== null && last !== revision_end) {
    gaps.push(gap("revision_gap", `the last change made revision ${last}, and the end is at ${revision_end}`));
  }
  if (span?.attributes_json["junjo.store.reconstructable"] === false) {
    gaps.push(gap("not_reconstructable", "Junjo itself says that the state cannot be reconstructed"));
  }
  if (is_object(start) && is_object(reported_end)) {
    const paths = json_changes(replayed_end, reported_end).map(({ path }) => path || "/");
    const shown = paths.slice(0, PATHS_SHOWN_MAX).join(", ") + (paths.length > PATHS_SHOWN_MAX ? ", …" : "");
    if (paths.length > 0) gaps.push(gap("end_state_differs", `the changes do not lead to the end state: ${shown}`));
  }
  return gaps;
}

/** A sequence counts from 1 without holes, and each revision begins where the last one ended. */
function order_gaps({ steps }: WorkflowState, revision_start: number | null, span_id: string): Gap[] {
  const gaps: Gap[] = [];
  let expected = 1;
  let revision = revision_start;
  for (const step of steps) {
    if (step.sequence !== null && step.sequence !== expected) {
      const what =
        step.sequence < expected ? `change ${step.sequence} is there twice` : missing(expected, step.sequence);
      gaps.push({ kind: "transitions_missing", span_id, detail: what });
    }
    if (step.revision_before !== null && revision !== null && step.revision_before !== revision) {
      const detail = `${step.action ?? "a change"} began at revision ${step.revision_before}, not at ${revision}`;
      gaps.push({ kind: "revision_gap", span_id: step.span_id, detail });
    }
    expected = (step.sequence ?? expected) + 1;
    revision = step.revision_after;
  }
  return gaps;
}

const missing = (from: number, until: number) =>
  from === until - 1 ? `change ${from} is missing` : `changes ${from} to ${until - 1} are missing`;
