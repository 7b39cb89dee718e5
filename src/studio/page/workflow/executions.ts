import { as_text } from "../model/json.ts";
import {
  compare,
  duration_ns,
  error_of,
  start_unix_nano,
  status_of,
  type SpanRow,
  type SpanStatus,
} from "../model/span-row.ts";
import { ids_of, type RunSpans } from "./enclosing.ts";
import { subflow_of } from "./graph.ts";
import type { GraphNode, NodeExecution, NodeKind, NodeSummary, Transition, WorkflowGraph } from "./types.ts";

const KINDS: Record<string, NodeKind> = { run_concurrent: "concurrent", subflow: "subflow" };

type Placed = { executions: NodeExecution[]; transitions: Transition[] };

/**
 * The node that a span ran, among those it can have run. By id; else by structural id, since a subflow's graph may be made
 * anew for each run, with ids that the graph around it does not know; else by label, which is all that older SDKs leave.
 */
function node_run_by(span: SpanRow, among: readonly GraphNode[]): GraphNode | null {
  const ids = ids_of(span);
  const structural_id = as_text(span.attributes_json["junjo.executable_structural_id"]);
  const is_alike = (node: GraphNode) =>
    structural_id !== null && [node.structural_id, node.subflow_graph_id].includes(structural_id);
  const is_called = (node: GraphNode) => node.label === span.name || node.type === span.name;
  return (
    among.find(({ id }) => ids.includes(id)) ??
    among.find((node) => is_alike(node) && is_called(node)) ??
    among.find(is_alike) ??
    among.find(is_called) ??
    null
  );
}

/** Says which spans ran which nodes of a run's graph, in it and in its subflows, and which edges that followed. */
export function place_executions(run: RunSpans, all: readonly RunSpans[]): Placed {
  const graph = run.graph ?? { structural_id: null, nodes: [], edges: [] };
  const scopes = Map.groupBy(graph.nodes, (node) => subflow_of(graph, node));
  const placed: Placed = { executions: [], transitions: [] };
  // Spans may name each other as parents.
  const begun = new Set<string>();

  const place = ({ members, span_id: run_span_id }: RunSpans, scope: string | null, is_known: boolean) => {
    begun.add(run_span_id);
    const among = is_known ? (scopes.get(scope) ?? []) : [];
    const in_sequence: NodeExecution[] = [];
    for (const span of members) {
      const node = node_run_by(span, among);
      const execution = execution_of(span, node, run_span_id);
      placed.executions.push(execution);
      if (node && node.parent_id === scope) in_sequence.push(execution);
      const subflow = all.find(({ span_id, kind }) => kind === "subflow" && span_id === span.span_id);
      if (subflow && !begun.has(subflow.span_id)) place(subflow, node?.id ?? null, node !== null);
    }
    placed.transitions.push(...transitions_of(in_sequence, graph));
  };

  place(run, null, true);
  placed.executions.sort((a, b) => compare(a.start_unix_nano, b.start_unix_nano));
  count_executions(placed.executions);
  return placed;
}

const execution_of = (span: SpanRow, node: GraphNode | null, run_span_id: string): NodeExecution => ({
  span_id: span.span_id,
  node_id: node?.id ?? null,
  label: node?.label ?? span.name,
  kind: node?.kind ?? KINDS[span.junjo_span_type ?? ""] ?? "node",
  run_span_id,
  nth: 1,
  status: status_of(span),
  error: error_of(span),
  start_unix_nano: start_unix_nano(span),
  duration_ns: duration_ns(span),
});

/** Nodes run one after another, except in a concurrent group, which is one node here. */
const transitions_of = (in_sequence: readonly NodeExecution[], { edges }: WorkflowGraph): Transition[] =>
  in_sequence.slice(1).map((head, index) => {
    const tail = in_sequence[index];
    const edge = edges.find(({ tail_id, head_id }) => tail_id === tail?.node_id && head_id === head.node_id);
    return { tail_span_id: tail?.span_id ?? "", head_span_id: head.span_id, edge_id: edge?.id ?? null };
  });

function count_executions(executions: readonly NodeExecution[]) {
  const counts = new Map<string, number>();
  for (const execution of executions) {
    const key = execution.node_id ?? `\0${execution.label}`;
    const nth = (counts.get(key) ?? 0) + 1;
    counts.set(key, nth);
    execution.nth = nth;
  }
}

const WORST_FIRST: readonly SpanStatus[] = ["error", "unfinished", "ok"];

export function summarize_nodes(graph: WorkflowGraph, executions: readonly NodeExecution[]): NodeSummary[] {
  const by_node = Map.groupBy(executions, ({ node_id }) => node_id);
  return graph.nodes.map(({ id }) => {
    const own = by_node.get(id) ?? [];
    const durations = own.flatMap(({ duration_ns: duration }) => duration ?? []);
    return {
      node_id: id,
      execution_count: own.length,
      status: WORST_FIRST.find((status) => own.some((execution) => execution.status === status)) ?? "not_run",
      duration_ns: own.length === 0 || durations.length < own.length ? null : durations.reduce((sum, ns) => sum + ns),
    };
  });
}
