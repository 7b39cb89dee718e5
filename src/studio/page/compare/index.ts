/** Two runs of a workflow beside each other. Pure: no React, no DOM. */
export { compare_runs } from "./compare-runs.ts";
export type {
  ComparedExecution,
  ComparedNode,
  Difference,
  DifferenceKind,
  ExecutionFacts,
  Figures,
  RunComparison,
  RunInTrace,
} from "./types.ts";
