import type { ModelPrice } from "../llm/index.ts";
import { align_executions, type AlignedExecution } from "./align.ts";
import { execution_differences, start_differences } from "./differences.ts";
import { run_facts } from "./facts.ts";
import type { ComparedExecution, ComparedNode, Difference, RunComparison, RunInTrace } from "./types.ts";

/**
 * Compares two runs of a workflow, node by node: where they first differ, and what each node took. Null if one of the
 * traces has no such run. Neither trace is changed.
 */
export function compare_runs(
  before_in: RunInTrace,
  after_in: RunInTrace,
  prices: readonly ModelPrice[] = [],
): RunComparison | null {
  const before = run_facts(before_in, prices);
  const after = run_facts(after_in, prices);
  if (!before || !after) return null;
  const rows = align_executions(before.run, after.run);
  const executions = rows.map((row, index): ComparedExecution => {
    const facts = { before: before.facts_of(row.before), after: after.facts_of(row.after) };
    const at = { row: index, place: row.nth > 1 ? `${row.label}, execution ${row.nth}` : row.label };
    return {
      label: row.label,
      nth: row.nth,
      ...facts,
      differences: execution_differences(facts.before, facts.after, at),
    };
  });
  const differences = [
    ...start_differences(before.run.state.start, after.run.state.start),
    ...executions.flatMap((execution) => execution.differences),
  ];
  const first_of_kind: Partial<Record<Difference["kind"], Difference>> = {};
  for (const difference of differences) first_of_kind[difference.kind] ??= difference;
  const figures = (of_node: readonly AlignedExecution[]): ComparedNode => ({
    label: of_node[0]?.label ?? "",
    before: before.figures_of(of_node.flatMap((row) => row.before ?? [])),
    after: after.figures_of(of_node.flatMap((row) => row.after ?? [])),
  });
  return {
    before: before.run,
    after: after.run,
    executions,
    differences,
    first_of_kind,
    nodes: [...Map.groupBy(rows, ({ node_key }) => node_key).values()].map(figures),
    totals: { before: before.totals, after: after.totals },
  };
}
