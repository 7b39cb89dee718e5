import {
  Background,
  BaseEdge,
  Controls,
  EdgeLabelRenderer,
  Handle,
  Position,
  ReactFlow,
  type Edge,
  type EdgeProps,
  type Node,
  type NodeProps,
  type ReactFlowInstance,
} from "@xyflow/react";
import { useEffect, useMemo, useRef, useState } from "react";
import { duration_text } from "../lib/format.ts";
import { layout_graph } from "./layout.ts";
import { edge_path, middle_of, type Point } from "./edge-path.ts";
import type { GraphNode, NodeSummary, WorkflowGraph, WorkflowRun } from "./types.ts";

type RunNode = Node<{ node: GraphNode; summary: NodeSummary; is_group: boolean; is_chosen: boolean }, "run">;
type RunEdge = Edge<{ points: Point[]; condition: string | null; count: number }, "run">;

const MARKS: Record<NodeSummary["status"], string> = { ok: "✓", error: "✕", unfinished: "…", not_run: "–" };
const WORDS: Record<NodeSummary["status"], string> = {
  ok: "ran",
  error: "failed",
  unfinished: "not ended",
  not_run: "not run",
};
const TYPES = { run: NodeBox };
const EDGE_TYPES = { run: EdgeLine };
const FIT = { maxZoom: 1 };

type Props = {
  run: WorkflowRun & { graph: WorkflowGraph };
  chosen_node_id: string | null;
  on_node: (node_id: string) => void;
};

/** A run's graph: the path that was taken stands out, and what did not run is dim. */
export function RunGraph({ run, chosen_node_id, on_node }: Props) {
  const layout = useMemo(() => layout_graph(run.graph), [run.graph]);
  const nodes = useMemo(() => nodes_of(run, layout, chosen_node_id), [run, layout, chosen_node_id]);
  const edges = useMemo(() => edges_of(run, layout), [run, layout]);
  const place = useRef<HTMLDivElement>(null);
  const [flow, set_flow] = useState<ReactFlowInstance<RunNode, RunEdge> | null>(null);
  useEffect(() => {
    if (flow === null || place.current === null) return undefined;
    // Other panes come and go beside it.
    const observer = new ResizeObserver(() => void flow.fitView(FIT));
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [flow]);
  return (
    <div className="run-graph" ref={place} role="group" aria-label={`Graph of ${run.name}`}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={TYPES}
        edgeTypes={EDGE_TYPES}
        onNodeClick={(_, { id }) => on_node(id)}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        fitView
        fitViewOptions={FIT}
        onInit={set_flow}
        minZoom={0.1}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </div>
  );
}

type Layout = ReturnType<typeof layout_graph>;

function nodes_of({ graph, nodes }: Props["run"], { boxes }: Layout, chosen: string | null): RunNode[] {
  return graph.nodes.flatMap((node): RunNode[] => {
    const box = boxes.find(({ node_id }) => node_id === node.id);
    const summary = nodes.find(({ node_id }) => node_id === node.id);
    if (!box || !summary) return [];
    const { x, y, width, height } = box;
    const is_group = boxes.some(({ parent_id }) => parent_id === node.id);
    return [
      {
        id: node.id,
        type: "run",
        position: { x, y },
        width,
        height,
        ...(node.parent_id !== null && { parentId: node.parent_id }),
        data: { node, summary, is_group, is_chosen: node.id === chosen },
      },
    ];
  });
}

const edges_of = ({ graph, transitions }: Props["run"], { lines }: Layout): RunEdge[] =>
  graph.edges.map(({ id, tail_id, head_id, condition }) => {
    const count = transitions.filter(({ edge_id }) => edge_id === id).length;
    const points = lines.find(({ edge_id }) => edge_id === id)?.points ?? [];
    const data = { points, condition, count };
    return { id, type: "run", source: tail_id, target: head_id, data, zIndex: count > 0 ? 2 : 1 };
  });

function NodeBox({ data: { node, summary, is_group, is_chosen } }: NodeProps<RunNode>) {
  const { status, execution_count: count, duration_ns } = summary;
  const classes = ["run-node", `is-${status.replace("_", "-")}`, is_group && "is-group", is_chosen && "is-chosen"];
  return (
    <div className={classes.filter(Boolean).join(" ")}>
      <Handle type="target" position={Position.Top} isConnectable={false} />
      <button type="button" aria-pressed={is_chosen} className="run-node-head">
        <span aria-hidden="true" className="run-node-mark">
          {MARKS[status]}
        </span>
        <span className="run-node-label">{node.label}</span>
        <span className="hidden">{WORDS[status]}</span>
        {node.kind !== "node" && <span className="badge">{node.kind}</span>}
        {count > 1 && <span className="badge">×{count}</span>}
      </button>
      <span className="run-node-time">{duration_ns === null ? WORDS[status] : duration_text(duration_ns)}</span>
      <Handle type="source" position={Position.Bottom} isConnectable={false} />
    </div>
  );
}

function EdgeLine({ id, data }: EdgeProps<RunEdge>) {
  if (!data) return null;
  const { points, condition, count } = data;
  const middle = middle_of(points);
  return (
    <>
      <BaseEdge id={id} path={edge_path(points)} className={count > 0 ? "is-taken" : "is-not-taken"} />
      {(condition !== null || count > 1) && middle && (
        <EdgeLabelRenderer>
          <span
            className={`edge-label ${count > 0 ? "is-taken" : ""}`}
            style={{ transform: `translate(-50%, -50%) translate(${middle.x}px, ${middle.y}px)` }}
          >
            {condition}
            {count > 1 && ` ×${count}`}
          </span>
        </EdgeLabelRenderer>
      )}
    </>
  );
}
