import { calls_counted_once, calls_within, llm_calls, llm_totals, type ModelPrice } from "../llm/index.ts";
import type { SpanRow } from "../model/span-row.ts";
import { workflow_runs, type NodeExecution, type WorkflowRun } from "../workflow/index.ts";
import type { ExecutionFacts, Figures, RunInTrace } from "./types.ts";

/** What a run's executions did, and what they cost. */
export type RunFacts = {
  run: WorkflowRun;
  facts_of(execution: NodeExecution | null): ExecutionFacts | null;
  /** Of executions of one node, or of the run itself. Null for none. */
  figures_of(executions: readonly NodeExecution[]): Figures | null;
  totals: Figures;
};

/** Null if the trace has no such run. */
export function run_facts({ trace, run_span_id }: RunInTrace, prices: readonly ModelPrice[]): RunFacts | null {
  const runs = workflow_runs(trace);
  const run = runs.find(({ span_id }) => span_id === run_span_id);
  if (!run) return null;
  const calls = llm_calls(trace);
  const counted = calls_counted_once(calls, trace);
  const around = innermost(run.executions, trace);
  // A change that a subflow makes to its own store outside of its nodes is the subflow's.
  const steps = runs
    .flatMap(({ span_id, state }) => state.steps.map((step) => ({ step, at: step.execution_span_id ?? span_id })))
    .map(({ step, at }) => ({ step, at: around(at) }));
  const figures = (spans: readonly { span_id: string; duration_ns: number | null }[]): Figures => {
    const durations = spans.map(({ duration_ns }) => duration_ns);
    const within = new Set(spans.flatMap(({ span_id }) => calls_within(counted, trace, span_id)));
    return {
      execution_count: spans.length,
      duration_ns: durations.reduce<number | null>((sum, ns) => (sum === null || ns === null ? null : sum + ns), 0),
      llm: llm_totals([...within], prices),
    };
  };
  return {
    run,
    facts_of: (execution) => {
      if (!execution) return null;
      const own = calls.filter(({ span_id }) => around(span_id) === execution.span_id);
      const parts = own.flatMap(({ output }) => output.flatMap((message) => message.parts));
      return {
        execution,
        steps: steps.filter(({ at }) => at === execution.span_id).map(({ step }) => step),
        calls: own,
        tool_calls: parts.flatMap((part) => (part.type === "tool_call" ? part.call : [])),
      };
    },
    figures_of: (executions) => (executions.length === 0 ? null : figures(executions)),
    totals: figures([run]),
  };
}

/** Finds the innermost execution that a span is or is in. */
function innermost(executions: readonly NodeExecution[], trace: readonly SpanRow[]) {
  const by_id = new Map(trace.map((span) => [span.span_id, span]));
  const executed = new Set(executions.map(({ span_id }) => span_id));
  return (span_id: string): string | null => {
    const seen = new Set<string>();
    for (let id: string | null | undefined = span_id; typeof id === "string" && !seen.has(id);) {
      if (executed.has(id)) return id;
      seen.add(id);
      id = by_id.get(id)?.parent_span_id;
    }
    return null;
  };
}
