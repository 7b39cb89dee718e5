import { as_array, as_object, as_text, type JsonObject } from "../model/json.ts";
import type { GraphEdge, GraphNode, NodeKind, WorkflowGraph } from "./types.ts";

/** A node as it was sent, under either version's names. */
type SentNode = GraphNode & { subflow_entry_ids?: string[] };
type SentEdge = GraphEdge & { subflow_id?: string | null };

const texts = (...values: readonly unknown[]): string[] => values.flat().flatMap((value) => as_text(value) ?? []);

function read_node(sent: JsonObject): SentNode | null {
  const id = as_text(sent["nodeRuntimeId"]) ?? as_text(sent["id"]);
  if (id === null) return null;
  const is_concurrent = sent["isConcurrentSubgraph"] === true || sent["isSubgraph"] === true;
  const kind: NodeKind = is_concurrent ? "concurrent" : sent["isSubflow"] === true ? "subflow" : "node";
  const type = as_text(sent["nodeType"]) ?? as_text(sent["type"]) ?? "";
  return {
    id,
    structural_id: as_text(sent["nodeStructuralId"]),
    label: as_text(sent["nodeLabel"]) ?? as_text(sent["label"]) ?? (type || id),
    type,
    kind,
    parent_id: null,
    child_ids: texts(sent["childNodeRuntimeIds"], sent["children"]),
    subflow_graph_id: as_text(sent["subflowGraphStructuralId"]),
    subflow_entry_ids: texts(
      sent["subflowSourceNodeRuntimeId"],
      sent["subflowSinkNodeRuntimeIds"],
      sent["subflowSourceId"],
      sent["subflowSinkId"],
    ),
  };
}

function read_edge(sent: JsonObject, index: number): SentEdge | null {
  const tail_id = as_text(sent["tailNodeRuntimeId"]) ?? as_text(sent["source"]);
  const head_id = as_text(sent["headNodeRuntimeId"]) ?? as_text(sent["target"]);
  if (tail_id === null || head_id === null) return null;
  return {
    // A structural id is not unique: two subflows may have the same graph.
    id: `${index}:${tail_id}:${head_id}`,
    tail_id,
    head_id,
    condition: as_text(sent["edgeConditionLabel"]) ?? as_text(sent["condition"]),
    subflow_id: as_text(sent["parentSubflowRuntimeId"]) ?? as_text(sent["subflowId"]),
  };
}

/**
 * Says what each node is in. A subflow's nodes are those that its edges join and those that it names as its ends. A graph
 * that is made anew at each use (SDKs around 0.62) names ends that are not there: then a node that nothing leads to or
 * from is in the subflow that was listed last.
 */
function set_parents(nodes: readonly SentNode[], edges: readonly SentEdge[]) {
  const by_id = new Map(nodes.map((node) => [node.id, node]));
  const put = (id: string, parent_id: string) => {
    const node = by_id.get(id);
    if (node && node.parent_id === null && id !== parent_id) node.parent_id = parent_id;
  };
  for (const node of nodes) for (const id of node.child_ids) put(id, node.id);
  for (const { tail_id, head_id, subflow_id } of edges) {
    if (!subflow_id || !by_id.has(subflow_id)) continue;
    put(tail_id, subflow_id);
    put(head_id, subflow_id);
  }
  for (const node of nodes) {
    if (node.kind === "subflow") for (const id of node.subflow_entry_ids ?? []) put(id, node.id);
  }
  const joined = new Set(edges.flatMap(({ tail_id, head_id }) => [tail_id, head_id]));
  let subflow: SentNode | null = null;
  for (const node of nodes) {
    if (node.parent_id === null && !joined.has(node.id) && subflow && edges.length > 0) put(node.id, subflow.id);
    if (node.kind === "subflow") subflow = node;
  }
  for (const node of nodes) {
    node.child_ids = node.child_ids.filter((id) => by_id.get(id)?.parent_id === node.id);
    if (node.kind === "subflow") {
      node.child_ids = nodes.filter(({ parent_id }) => parent_id === node.id).map(({ id }) => id);
    }
  }
}

/** Parents first: whatever draws them needs to know a group before what is in it. A ring of parents is broken. */
function parents_first(nodes: readonly SentNode[]): SentNode[] {
  const by_id = new Map(nodes.map((node) => [node.id, node]));
  const ordered = new Set<SentNode>();
  const add = (node: SentNode, below: ReadonlySet<SentNode>) => {
    const parent = node.parent_id === null ? undefined : by_id.get(node.parent_id);
    if (parent && below.has(parent)) node.parent_id = null;
    else if (parent && !ordered.has(parent)) add(parent, new Set([...below, node]));
    ordered.add(node);
  };
  for (const node of nodes) add(node, new Set([node]));
  return [...ordered];
}

/** Reads `junjo_wf_graph_structure`, of either version. Null if it is no graph. Edges that lead nowhere are left out. */
export function read_graph(sent: unknown): WorkflowGraph | null {
  const graph = as_object(sent);
  if (graph === null || !Array.isArray(graph["nodes"])) return null;
  const sent_nodes = as_array(graph["nodes"]).flatMap((node) => read_node(as_object(node) ?? {}) ?? []);
  const nodes = [...new Map(sent_nodes.map((node) => [node.id, node])).values()];
  const ids = new Set(nodes.map(({ id }) => id));
  const edges = as_array(graph["edges"])
    .flatMap((edge, index) => read_edge(as_object(edge) ?? {}, index) ?? [])
    .filter(({ tail_id, head_id }) => ids.has(tail_id) && ids.has(head_id));
  set_parents(nodes, edges);
  for (const node of nodes) delete node.subflow_entry_ids;
  for (const edge of edges) delete edge.subflow_id;
  return {
    structural_id: as_text(graph["graphStructuralId"]),
    nodes: parents_first(nodes),
    edges,
  };
}

/** The subflow that a node is in, however deep in concurrent groups of it; null: the workflow itself. */
export function subflow_of(graph: WorkflowGraph, node: GraphNode): string | null {
  const by_id = new Map(graph.nodes.map((other) => [other.id, other]));
  let parent = node.parent_id === null ? undefined : by_id.get(node.parent_id);
  while (parent && parent.kind !== "subflow") {
    parent = parent.parent_id === null ? undefined : by_id.get(parent.parent_id);
  }
  return parent?.id ?? null;
}
