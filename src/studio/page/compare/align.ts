import type { GraphNode, NodeExecution, WorkflowGraph, WorkflowRun } from "../workflow/index.ts";

/** Two executions of one node; one of them is null if it ran in only one of the runs. */
export type AlignedExecution = {
  /** The same for all executions of a node. */
  node_key: string;
  label: string;
  nth: number;
  before: NodeExecution | null;
  after: NodeExecution | null;
};

function label_path(node: GraphNode, { nodes }: WorkflowGraph): string {
  const parent = node.parent_id === null ? undefined : nodes.find(({ id }) => id === node.parent_id);
  return parent ? `${label_path(parent, { nodes, edges: [], structural_id: null })}/${node.label}` : node.label;
}

/**
 * For each node of the run after, that of the run before that it is. By structural id and by the labels of what it is in;
 * else by one of them: a node that was edited has another structural id, and SDKs before 0.63 send none.
 */
function nodes_alike(before: WorkflowGraph, after: WorkflowGraph): Map<string, string> {
  const alike = new Map<string, string>();
  const taken = new Set<string>();
  const path_before = new Map(before.nodes.map((node) => [node.id, label_path(node, before)]));
  const is_same_id = (a: GraphNode, b: GraphNode) => a.structural_id !== null && a.structural_id === b.structural_id;
  const is_same_path = (a: GraphNode, b: GraphNode) => path_before.get(a.id) === label_path(b, after);
  const ways = [(a: GraphNode, b: GraphNode) => is_same_id(a, b) && is_same_path(a, b), is_same_path, is_same_id];
  for (const is_alike of ways) {
    for (const node of after.nodes.filter(({ id }) => !alike.has(id))) {
      const found = before.nodes.find((other) => !taken.has(other.id) && is_alike(other, node));
      if (!found) continue;
      alike.set(node.id, found.id);
      taken.add(found.id);
    }
  }
  return alike;
}

const NO_GRAPH: WorkflowGraph = { structural_id: null, nodes: [], edges: [] };

/** The n-th execution of each node beside the n-th of the same node. Those that ran only after stand where they ran. */
export function align_executions(before: WorkflowRun, after: WorkflowRun): AlignedExecution[] {
  const alike = nodes_alike(before.graph ?? NO_GRAPH, after.graph ?? NO_GRAPH);
  const key_of = ({ node_id, label }: NodeExecution) => (node_id === null ? `label ${label}` : `node ${node_id}`);
  const rows = before.executions.map((execution): AlignedExecution => ({
    node_key: key_of(execution),
    label: execution.label,
    nth: execution.nth,
    before: execution,
    after: null,
  }));
  let place = -1;
  for (const execution of after.executions) {
    const node_id = alike.get(execution.node_id ?? "") ?? execution.node_id;
    const node_key = key_of({ ...execution, node_id });
    const found = rows.findIndex((row) => row.node_key === node_key && row.nth === execution.nth && !row.after);
    const row = rows[found];
    if (row) {
      row.after = execution;
      place = found;
    } else {
      place++;
      rows.splice(place, 0, { node_key, label: execution.label, nth: execution.nth, before: null, after: execution });
    }
  }
  return rows;
}
