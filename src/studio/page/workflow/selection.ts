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

/** By span: the label of the graph's node that it ran, or that what it is in ran. Those in none have none. */
export function node_labels(
  { graph, executions }: WorkflowRun,
  roots: TraceTree["roots"],
): ReadonlyMap<string, string> {
  const label_of_node = new Map(graph?.nodes.map(({ id, label }) => [id, label]));
  const own = new Map(executions.map(({ span_id, node_id }) => [span_id, label_of_node.get(node_id ?? "")]));
  const labels = new Map<string, string>();
  const waiting = roots.map((node) => ({ node, outer: own.get(node.id) }));
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const label = own.get(next.node.id) ?? next.outer;
    if (label !== undefined) labels.set(next.node.id, label);
    for (const node of next.node.children) waiting.push({ node, outer: label });
  }
  return labels;
}

/** The span of a node's execution: the one behind the chosen one, else the first; null if it did not run. */
export function span_of_node({ executions }: WorkflowRun, node_id: string, chosen_id: string | null): string | null {
  const own = executions.filter((execution) => execution.node_id === node_id);
  const chosen_at = own.findIndex(({ span_id }) => span_id === chosen_id);
  return own.at((chosen_at + 1) % Math.max(1, own.length))?.span_id ?? null;
}
