import type { LlmCall, LlmTotals, ToolCall } from "../llm/index.ts";
import type { SpanRow } from "../model/span-row.ts";
import type { NodeExecution, StateStep, WorkflowRun } from "../workflow/index.ts";

/** A run, and all rows of the trace that it is in. */
export type RunInTrace = { trace: readonly SpanRow[]; run_span_id: string };

/**
 * path: a node ran in only one of the two; outcome: it ended otherwise; prompt: a model was asked something else; answer: it
 * answered something else; tool_call: a tool was called otherwise; state: the store was at first, or was made, another.
 */
export type DifferenceKind = "path" | "outcome" | "prompt" | "answer" | "tool_call" | "state";

export type Difference = {
  kind: DifferenceKind;
  /** The row of `RunComparison.executions`; null: before the first. */
  row: number | null;
  /** Where, in words: a node and which of its executions, or the start. */
  place: string;
  detail: string;
  before: unknown;
  after: unknown;
};

/** What one execution of a node did. */
export type ExecutionFacts = {
  execution: NodeExecution;
  /** The changes it made, and in no node within it, to the store of any run. */
  steps: StateStep[];
  /** The calls of language models made in it, and in no node within it; so for tool calls. */
  calls: LlmCall[];
  tool_calls: ToolCall[];
};

export type ComparedExecution = {
  label: string;
  /** The how-manieth execution of its node, from 1. */
  nth: number;
  /** Null if it ran only in the other run. */
  before: ExecutionFacts | null;
  after: ExecutionFacts | null;
  differences: Difference[];
};

/** With all that is in it: a group's figures have those of its nodes. */
export type Figures = { execution_count: number; duration_ns: number | null; llm: LlmTotals };

export type ComparedNode = { label: string; before: Figures | null; after: Figures | null };

export type RunComparison = {
  before: WorkflowRun;
  after: WorkflowRun;
  /** In the order in which they began, as far as the two runs agree on it. */
  executions: ComparedExecution[];
  /** In the order of the executions; in one of them, causes before what they lead to. */
  differences: Difference[];
  /** For each kind the first one there is. */
  first_of_kind: Partial<Record<DifferenceKind, Difference>>;
  nodes: ComparedNode[];
  totals: { before: Figures; after: Figures };
};
