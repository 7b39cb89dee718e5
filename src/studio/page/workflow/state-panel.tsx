import { useEffect, useRef, type KeyboardEvent } from "react";
import type { JsonChange } from "../model/json-diff.ts";
import { Value } from "../parts/value.tsx";
import type { StateStep, WorkflowRun } from "./types.ts";

export const TABS = ["changes", "before", "after", "patch"] as const;
export type StateTab = (typeof TABS)[number];

const TITLES: Record<StateTab, string> = { changes: "Changes", before: "Before", after: "After", patch: "Patch" };

type Props = {
  run: WorkflowRun;
  /** -1: the start; as many as there are changes: the end. */
  step_index: number;
  on_step: (index: number) => void;
  tab: StateTab;
  on_tab: (tab: StateTab) => void;
};

/** The state of a run's store, change by change. Arrow keys go up and down the changes, and left and right the tabs. */
export function StatePanel({ run, step_index, on_step, tab, on_tab }: Props) {
  const { steps, store_id } = run.state;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
  }, [step_index]);
  const on_key = (event: KeyboardEvent) => {
    const next_step = { ArrowUp: step_index - 1, ArrowDown: step_index + 1, Home: -1, End: steps.length }[event.key];
    const turn = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (next_step === undefined && turn === undefined) return;
    event.preventDefault();
    if (next_step !== undefined) on_step(Math.max(-1, Math.min(steps.length, next_step)));
    if (turn !== undefined) on_tab(TABS[(TABS.indexOf(tab) + turn + TABS.length) % TABS.length] ?? tab);
  };
  const label_of = (step: StateStep) => run.executions.find(({ span_id }) => span_id === step.execution_span_id)?.label;
  return (
    <section className="state-panel" aria-label="State">
      <div
        ref={list}
        className="state-steps"
        role="listbox"
        tabIndex={0}
        aria-label={`Changes of the store ${store_id ?? ""}`}
        aria-activedescendant={`state-step-${step_index}`}
        onKeyDown={on_key}
      >
        <StepOption index={-1} is_chosen={step_index === -1} on_step={on_step} action="Start" where={run.name} />
        {steps.map((step, index) => (
          <StepOption
            key={index}
            index={index}
            is_chosen={index === step_index}
            on_step={on_step}
            action={step.action ?? "change"}
            where={label_of(step) ?? run.name}
            has_problem={step.problem !== null}
            is_empty={step.problem === null && step.patch.length === 0}
          />
        ))}
        <StepOption
          index={steps.length}
          is_chosen={step_index === steps.length}
          on_step={on_step}
          action="End"
          where={run.name}
        />
      </div>
      <div className="state-content">
        <div className="tabs" role="tablist" aria-label="Of the change">
          {TABS.map((name) => (
            <button
              key={name}
              id={`state-tab-${name}`}
              type="button"
              role="tab"
              aria-selected={name === tab}
              aria-controls="state-tab-content"
              onClick={() => on_tab(name)}
            >
              {TITLES[name]}
            </button>
          ))}
        </div>
        <div id="state-tab-content" role="tabpanel" aria-labelledby={`state-tab-${tab}`} tabIndex={0}>
          <StepContent run={run} step_index={step_index} tab={tab} />
        </div>
      </div>
    </section>
  );
}

type OptionProps = {
  index: number;
  is_chosen: boolean;
  on_step: (index: number) => void;
  action: string;
  where: string;
  has_problem?: boolean;
  is_empty?: boolean;
};

function StepOption({ index, is_chosen, on_step, action, where, has_problem = false, is_empty = false }: OptionProps) {
  return (
    <div
      id={`state-step-${index}`}
      role="option"
      aria-selected={is_chosen}
      className={`state-step ${is_empty ? "is-empty" : ""}`}
      onClick={() => on_step(index)}
    >
      <span className="number faint">{index + 1}</span>
      <span>{action}</span>
      <span className="faint">{where}</span>
      {has_problem && <span className="badge is-warning">not applied</span>}
      {is_empty && <span className="badge">no change</span>}
    </div>
  );
}

function StepContent({ run, step_index, tab }: { run: WorkflowRun; step_index: number; tab: StateTab }) {
  const { start, steps, reported_end } = run.state;
  const step = steps[step_index];
  if (step === undefined) return <State state={step_index < 0 ? start : reported_end} />;
  return (
    <>
      {step.problem !== null && <p className="notice">This change could not be applied: {step.problem}</p>}
      {tab === "changes" && <Changes changes={step.changes} />}
      {tab === "before" && <State state={step.before} />}
      {tab === "after" && <State state={step.after} />}
      {tab === "patch" && <Value value={step.patch} name="the patch" />}
    </>
  );
}

function State({ state }: { state: unknown }) {
  return state === null ? <p className="faint">Not known.</p> : <Value value={state} name="the state" />;
}

function Changes({ changes }: { changes: readonly JsonChange[] }) {
  if (changes.length === 0) return <p className="faint">Nothing changed.</p>;
  return (
    <table className="list changes">
      <thead>
        <tr>
          <th>Where</th>
          <th>Before</th>
          <th>After</th>
        </tr>
      </thead>
      <tbody>
        {changes.map((change) => (
          <tr key={change.path} className={`is-${change.kind}`}>
            <td className="mono">{change.path || "/"}</td>
            <td>{"before" in change && <Value value={change.before} name="the value before" />}</td>
            <td>{"after" in change && <Value value={change.after} name="the value after" />}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
