import { applyPatch, type Operation } from "fast-json-patch";
import { json_changes } from "../model/json-diff.ts";
import { is_object, parse_json, structured } from "../model/json.ts";
import { compare, event_unix_nano, number_of, text_of, type SpanEvent, type SpanRow } from "../model/span-row.ts";
import type { RunSpans } from "./enclosing.ts";
import type { NodeExecution, StateStep, WorkflowState } from "./types.ts";

type SetState = { span: SpanRow; event: SpanEvent; event_index: number };

const changes_in = (spans: readonly SpanRow[]): SetState[] =>
  spans.flatMap((span) =>
    span.events_json.flatMap((event, event_index) => (event.name === "set_state" ? { span, event, event_index } : [])),
  );

const store_id_of = ({ event }: SetState) => text_of(event.attributes, "junjo.store.id");

/** The store's id as the run tells it; else that of the first change in it to a store that no other run calls its own. */
export function store_of(run: RunSpans, all: readonly RunSpans[]): string | null {
  const told = ({ span }: RunSpans) =>
    span && (span.junjo_wf_store_id ?? text_of(span.attributes_json, "junjo.agent.store.id"));
  const others = new Set(all.map(told));
  const own = told(run);
  return (
    own ??
    changes_in(run.spans)
      .map(store_id_of)
      .find((id) => !others.has(id)) ??
    null
  );
}

/** By the store's own count, where both have it; else by time, then as they stand in the trace and in their span. */
function by_order(a: SetState, b: SetState): number {
  const [first, second] = [a, b].map(({ event }) => number_of(event.attributes, "junjo.store.transition.sequence"));
  if (typeof first === "number" && typeof second === "number") return compare(first, second);
  // Within a span their order is known, also when their times have lost digits.
  if (a.span === b.span) return compare(a.event_index, b.event_index);
  return (
    compare(event_unix_nano(a.event), event_unix_nano(b.event)) ||
    compare(a.span.start_time, b.span.start_time) ||
    compare(a.span.span_id, b.span.span_id)
  );
}

/** The patch, or why it is none. SDKs before 0.65 send `{}` when nothing changed. */
function read_patch({ event }: SetState): Operation[] | string {
  const sent = event.attributes["junjo.state_json_patch"];
  if (sent === undefined) return "the event has no patch";
  const patch = typeof sent === "string" ? parse_json(sent) : sent;
  if (Array.isArray(patch)) return patch as Operation[];
  if (is_object(patch) && Object.keys(patch).length === 0) return [];
  return "the patch is not a list of JSON Patch operations";
}

/** A noncharacter: no text of an SDK is this and digits. */
const INTEGER_MARK = "\uffff";
const MARKED_INTEGER = /^\uffff(-?\d+)$/;

/** A copy that the library, which copies by way of JSON, can copy too. */
const without_bigints = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, item: unknown) => (typeof item === "bigint" ? INTEGER_MARK + item : item)));

const with_bigints = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_key, item: unknown) => {
    const [, integer] = typeof item === "string" ? (MARKED_INTEGER.exec(item) ?? []) : [];
    return integer === undefined ? item : BigInt(integer);
  });

/** The state after a patch, as a new value. Neither the state nor the patch is changed, then or later. */
function patched(state: unknown, patch: readonly Operation[]): { after: unknown; problem: string | null } {
  try {
    const { newDocument } = applyPatch(without_bigints(state), without_bigints(patch) as Operation[], true);
    return { after: with_bigints(newDocument), problem: null };
  } catch (error) {
    // Its message goes on with the whole document, which may be long.
    const [message = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    return { after: state, problem: message };
  }
}

/**
 * Replays what was done to a run's store, by whichever spans of the trace. With an unknown start the steps are there, with
 * their patches, but no states.
 */
export function replay_state(
  run: RunSpans,
  all: readonly RunSpans[],
  trace: readonly SpanRow[],
  executions: readonly NodeExecution[],
): WorkflowState {
  const { span } = run;
  const store_id = store_of(run, all);
  const start = span ? state_value(span.junjo_wf_state_start ?? span.attributes_json["junjo.agent.state.start"]) : null;
  const execution_around = executions_around(trace, executions);
  let state: unknown = start;
  const own = store_id === null ? [] : changes_in(trace).filter((change) => store_id_of(change) === store_id);
  const steps = own.sort(by_order).map((change): StateStep => {
    const { event, event_index } = change;
    const patch = read_patch(change);
    const operations = typeof patch === "string" ? [] : patch;
    const before = state;
    const { after, problem } =
      typeof patch === "string"
        ? { after: before, problem: patch }
        : start === null
          ? { after: null, problem: "the state before is not known" }
          : patched(before, operations);
    state = after;
    const execution = execution_around(change.span.span_id);
    return {
      span_id: change.span.span_id,
      event_index,
      execution_span_id: execution?.span_id ?? null,
      node_id: execution?.node_id ?? null,
      time_unix_nano: event_unix_nano(event),
      store_name: text_of(event.attributes, "junjo.store.name"),
      action: text_of(event.attributes, "junjo.store.action"),
      sequence: number_of(event.attributes, "junjo.store.transition.sequence"),
      revision_before: number_of(event.attributes, "junjo.store.revision.before"),
      revision_after: number_of(event.attributes, "junjo.store.revision.after"),
      patch: operations,
      before,
      after,
      changes: json_changes(before, after),
      problem,
    };
  });
  const reported_end = span
    ? state_value(span.junjo_wf_state_end ?? span.attributes_json["junjo.agent.state.end"])
    : null;
  return { store_id, start, steps, replayed_end: state, reported_end };
}

/** A state is an object; text that is no JSON was cut on its way. */
function state_value(sent: unknown): unknown {
  const value = structured(sent);
  return is_object(value) ? value : null;
}

/** Finds the execution that a span is or is in. */
function executions_around(trace: readonly SpanRow[], executions: readonly NodeExecution[]) {
  const by_id = new Map(trace.map((span) => [span.span_id, span]));
  const by_span = new Map(executions.map((execution) => [execution.span_id, execution]));
  return (span_id: string): NodeExecution | undefined => {
    const seen = new Set<string>();
    for (let id: string | null | undefined = span_id; typeof id === "string" && !seen.has(id);) {
      const execution = by_span.get(id);
      if (execution) return execution;
      seen.add(id);
      id = by_id.get(id)?.parent_span_id;
    }
    return undefined;
  };
}
