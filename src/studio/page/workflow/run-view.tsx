import { duration_text } from "../lib/format.ts";
import { GapBanner } from "./gap-banner.tsx";
import { RunGraph } from "./run-graph.tsx";
import { StatePanel, type StateTab } from "./state-panel.tsx";
import type { NodeExecution, WorkflowRun } from "./types.ts";

/** What is looked at of a run. `step`: a change of its state, -1 for the start; `node`: of its graph. */
export type RunSelection = { step: number; node: string | null; tab: StateTab };

type Props = {
  run: WorkflowRun;
  selection: RunSelection;
  on_selection: (changed: Partial<RunSelection>) => void;
  /** Called when somebody wants to see a span of the run. */
  on_span?: (span_id: string) => void;
};

/** A run of a workflow: its graph with the path that was taken, its state at each change, and what is missing. */
export function RunView({ run, selection, on_selection, on_span }: Props) {
  const { step: step_index, node: node_id, tab } = selection;
  const { graph, state, executions } = run;
  const on_step = (index: number) => on_selection({ step: index, node: state.steps[index]?.node_id ?? null });
  const on_node = (id: string) => {
    const first = state.steps.findIndex((step) => step.node_id === id);
    on_selection({ node: id, ...(first >= 0 && { step: first }) });
  };
  const chosen = executions.filter((execution) => execution.node_id !== null && execution.node_id === node_id);
  return (
    <section className="run-view" aria-label={`Run of ${run.name}`}>
      <GapBanner gaps={run.gaps} on_span={on_span} />
      {run.error !== null && <p className="notice is-error">{run.error}</p>}
      <div className="run-columns">
        <div className="run-left">
          {graph ? (
            <RunGraph run={{ ...run, graph }} chosen_node_id={node_id} on_node={on_node} />
          ) : (
            <Executions executions={executions} on_span={on_span} />
          )}
          {chosen.length > 0 && <Executions executions={chosen} on_span={on_span} />}
        </div>
        <StatePanel
          run={run}
          step_index={step_index}
          on_step={on_step}
          tab={tab}
          on_tab={(chosen) => on_selection({ tab: chosen })}
        />
      </div>
    </section>
  );
}

function Executions({ executions, on_span }: { executions: readonly NodeExecution[]; on_span: Props["on_span"] }) {
  return (
    <table className="list executions">
      <thead>
        <tr>
          <th>Node</th>
          <th>Status</th>
          <th className="number">Duration</th>
          <th />
        </tr>
      </thead>
      <tbody>
        {executions.map(({ span_id, label, nth, status, error, duration_ns }) => (
          <tr key={span_id}>
            <td>
              {label} {nth > 1 && <span className="badge">execution {nth}</span>}
            </td>
            <td>
              <span className={status === "error" ? "badge is-error" : "badge"}>{status}</span> {error}
            </td>
            <td className="number">{duration_ns === null ? "–" : duration_text(duration_ns)}</td>
            <td>
              {on_span && (
                <button type="button" onClick={() => on_span(span_id)}>
                  Show the span
                </button>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
