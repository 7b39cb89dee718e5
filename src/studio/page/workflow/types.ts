import type { Operation } from "fast-json-patch";
import type { JsonChange } from "../model/json-diff.ts";
import type { SpanRow, SpanStatus } from "../model/span-row.ts";

export type NodeKind = "node" | "concurrent" | "subflow";

/** A node of a workflow's graph, whichever version of Junjo described it. */
export type GraphNode = {
  /** Unique in its graph. Other runs of the same workflow have other ids. */
  id: string;
  /** The same in all runs of the same workflow. SDKs before 0.63 send none: null. */
  structural_id: string | null;
  label: string;
  type: string;
  kind: NodeKind;
  /** The concurrent group or subflow that it is in; null: the workflow itself. */
  parent_id: string | null;
  child_ids: string[];
  /** Of a subflow: its graph's structural id, if the SDK sends one. */
  subflow_graph_id: string | null;
};

/** An edge leads from its tail to its head. */
export type GraphEdge = {
  id: string;
  tail_id: string;
  head_id: string;
  /** What must hold for it to be taken; null: nothing. */
  condition: string | null;
};

/** Parents come before what is in them. */
export type WorkflowGraph = {
  structural_id: string | null;
  nodes: GraphNode[];
  edges: GraphEdge[];
};

/** One span that ran a node, directly in a run or in a subflow of it. */
export type NodeExecution = {
  span_id: string;
  /** Null if the graph has no such node. */
  node_id: string | null;
  label: string;
  kind: NodeKind;
  /** The run that it is directly in: the run itself, or a subflow's span. */
  run_span_id: string;
  /** The how-manieth execution of its node, from 1. */
  nth: number;
  status: SpanStatus;
  error: string | null;
  start_unix_nano: bigint;
  /** Null if it has not ended. */
  duration_ns: number | null;
};

/** A step from one execution to the next in the same run. `edge_id` is null if the graph has no edge between their nodes. */
export type Transition = { tail_span_id: string; head_span_id: string; edge_id: string | null };

export type NodeSummary = {
  node_id: string;
  execution_count: number;
  /** That of its worst execution: an error before unfinished before ok. */
  status: SpanStatus | "not_run";
  /** Of all its executions; null if one has not ended. */
  duration_ns: number | null;
};

/** One change of a store. */
export type StateStep = {
  span_id: string;
  /** Of the event among those of its span. */
  event_index: number;
  /** The execution that the change was made in; null if it was made outside of nodes. */
  execution_span_id: string | null;
  node_id: string | null;
  time_unix_nano: bigint;
  store_name: string | null;
  action: string | null;
  /** Of SDKs from 0.65 on, else null. */
  sequence: number | null;
  revision_before: number | null;
  revision_after: number | null;
  patch: Operation[];
  /** Null until the state is known. */
  before: unknown;
  after: unknown;
  changes: JsonChange[];
  /** Why the patch could not be applied, in which case the state stays as it was; null if it could. */
  problem: string | null;
};

export type WorkflowState = {
  store_id: string | null;
  /** Null if it is not known. */
  start: unknown;
  steps: StateStep[];
  /** After the last step. */
  replayed_end: unknown;
  /** As the run itself told it; null if it did not. */
  reported_end: unknown;
};

export type GapKind =
  | "run_span_missing"
  | "unfinished"
  | "parent_missing"
  | "dropped_attributes"
  | "dropped_events"
  | "dropped_links"
  | "graph_missing"
  | "node_not_in_graph"
  | "executions_missing"
  | "start_state_missing"
  | "end_state_missing"
  | "payload_not_full"
  | "patch_not_applied"
  | "transitions_missing"
  | "revision_gap"
  | "not_reconstructable"
  | "end_state_differs";

/** Something that is known to be missing or not to fit, and where. */
export type Gap = { kind: GapKind; span_id: string | null; detail: string };

/** A workflow, subflow or agent that ran. An agent has a state, but no graph and no nodes. */
export type WorkflowRun = {
  /** Unique in its trace, also when the span itself has not arrived. */
  span_id: string;
  /** Null if it has not arrived, as while the workflow is still running. */
  span: SpanRow | null;
  kind: "workflow" | "subflow" | "agent";
  name: string;
  /** The run that it is in. */
  parent_run_span_id: string | null;
  status: SpanStatus;
  error: string | null;
  start_unix_nano: bigint;
  duration_ns: number | null;
  graph: WorkflowGraph | null;
  /** By start, those in subflows among them. */
  executions: NodeExecution[];
  transitions: Transition[];
  /** For each node of the graph, in its order. */
  nodes: NodeSummary[];
  state: WorkflowState;
  gaps: Gap[];
};
