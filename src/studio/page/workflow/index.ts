/** What a workflow of Junjo did, worked out from its spans alone. Pure: no React, no DOM. */
export { layout_graph, type EdgeLine, type GraphLayout, type NodeBox } from "./layout.ts";
export type {
  Gap,
  GapKind,
  GraphEdge,
  GraphNode,
  NodeExecution,
  NodeKind,
  NodeSummary,
  StateStep,
  Transition,
  WorkflowGraph,
  WorkflowRun,
  WorkflowState,
} from "./types.ts";
export { trace_gaps, workflow_runs } from "./workflow-runs.ts";
