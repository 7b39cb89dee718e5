import { useMemo } from "react";
import type { SpanRow } from "../api/span-row.ts";
import { SpanPanel } from "../trace/span-panel.tsx";
import { trace_tree } from "../trace/tree.ts";
import { GapBanner } from "./gap-banner.tsx";
import { RunGraph } from "./run-graph.tsx";
import { RunTree } from "./run-tree.tsx";
import { node_of_span, span_of_node, step_of_span } from "./selection.ts";
import { StatePanel, type StateTab } from "./state-panel.tsx";
import type { WorkflowRun } from "./types.ts";

/** What is looked at of a run. `step`: a change of its state, -1 for the start, behind all of them the end. */
export type RunSelection = { span_id: string | null; step: number; tab: StateTab };

type Props = {
  run: WorkflowRun;
  /** All of its trace. */
  spans: readonly SpanRow[];
  selection: RunSelection;
  on_selection: (changed: Partial<RunSelection>) => void;
};

/**
 * A run of a workflow: its graph with the path that was taken, its spans, its state at each change, and what is missing. One
 * span is looked at in all of them.
 */
export function RunView({ run, spans, selection, on_selection }: Props) {
  const { span_id, step: step_index, tab } = selection;
  const { graph, state } = run;
  const tree = useMemo(() => trace_tree(spans), [spans]);
  const roots = useMemo(() => [tree.by_id.get(run.span_id) ?? []].flat(), [tree, run.span_id]);
  const on_span = (id: string) => on_selection({ span_id: id, step: step_of_span(run, id) ?? step_index });
  const on_node = (node_id: string) => {
    const id = span_of_node(run, node_id, span_id);
    if (id !== null) on_span(id);
  };
  const on_step = (index: number) => {
    const step = state.steps[index];
    on_selection({ step: index, span_id: step === undefined ? null : (step.execution_span_id ?? step.span_id) });
  };
  const chosen = span_id === null ? null : (tree.by_id.get(span_id)?.span ?? null);
  return (
    <section className="run-view" aria-label={`Run of ${run.name}`}>
      <GapBanner gaps={run.gaps} on_span={on_span} />
      {run.error !== null && <p className="notice is-error">{run.error}</p>}
      <div className={`run-columns ${chosen ? "has-panel" : ""}`}>
        <div className="run-left">
          {graph && (
            <RunGraph
              run={{ ...run, graph }}
              chosen_node_id={span_id === null ? null : node_of_span(run, tree, span_id)}
              on_node={on_node}
            />
          )}
          <RunTree run={run} roots={roots} chosen_id={span_id} on_span={on_span} />
        </div>
        <StatePanel
          run={run}
          step_index={step_index}
          on_step={on_step}
          tab={tab}
          on_tab={(name) => on_selection({ tab: name })}
        />
        {chosen && <SpanPanel span={chosen} spans={spans} on_close={() => on_selection({ span_id: null })} />}
      </div>
    </section>
  );
}
