import type { TraceTree } from "../trace/tree.ts";
import type { WorkflowRun } from "./types.ts";

/** The first change of the state that a span made, by its number; null if it made none. */
export function step_of_span({ state }: WorkflowRun, span_id: string): number | null {
  const index = state.steps.findIndex((step) => step.execution_span_id === span_id || step.span_id === span_id);
  return index < 0 ? null : index;
}

/** The node that a span ran, or that what it is in ran; null if there is none in the graph. */
export function node_of_span({ executions }: WorkflowRun, { by_id }: TraceTree, span_id: string): string | null {
  const seen = new Set<string>();
  for (let id: string | null = span_id; id !== null && !seen.has(id);) {
    seen.add(id);
    const at: string = id;
    const node_id = executions.find((execution) => execution.span_id === at)?.node_id ?? null;
    if (node_id !== null) return node_id;
    id = by_id.get(at)?.span?.parent_span_id ?? null;
  }
  return null;
}

/** The span of a node's execution: the one behind the chosen one, else the first; null if it did not run. */
export function span_of_node({ executions }: WorkflowRun, node_id: string, chosen_id: string | null): string | null {
  const own = executions.filter((execution) => execution.node_id === node_id);
  const chosen_at = own.findIndex(({ span_id }) => span_id === chosen_id);
  return own.at((chosen_at + 1) % Math.max(1, own.length))?.span_id ?? null;
}
