import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { prices_question, sibling_runs_question, trace_question } from "../api/questions.ts";
import type { SpanRow } from "../api/span-row.ts";
import { count_text, duration_text, time_text } from "../lib/format.ts";
import { time_search, type TimeSearch } from "../lib/time-range.ts";
import { calls_counted_once, calls_within, llm_calls } from "../llm/index.ts";
import { Failure } from "../parts/failure.tsx";
import { TokenTotals } from "../parts/token-totals.tsx";
import { workflow_runs, type WorkflowRun } from "../workflow/index.ts";
import { span_search } from "./trace.tsx";
import { RunView, type RunSelection } from "../workflow/run-view.tsx";
import { type StateTab, TABS } from "../workflow/state-panel.tsx";

/** What is looked at of a run: one of its spans, a change of its state by its number from 0, a tab. */
export type RunSearch = TimeSearch & { span?: string; step?: number; tab?: StateTab };

export function run_search(search: Record<string, unknown>): RunSearch {
  const { step, tab } = search;
  return {
    ...time_search(search),
    ...span_search(search),
    ...(Number.isSafeInteger(step) && Number(step) >= 0 && { step: Number(step) }),
    ...(TABS.includes(tab as StateTab) && { tab: tab as StateTab }),
  };
}

/** One run of a workflow, by the trace and the span that it is. */
export function RunPage() {
  const { trace_id, span_id } = useParams({ from: "/runs/$trace_id/$span_id" });
  const { data, error } = useQuery(trace_question(trace_id));
  const runs = useMemo(() => (data === undefined ? [] : workflow_runs(data)), [data]);
  if (error !== null)
    return (
      <main className="main">
        <Failure error={error} />
      </main>
    );
  if (data === undefined) return <main className="main" aria-busy="true" />;
  const run = runs.find((one) => one.span_id === span_id);
  if (run === undefined) {
    return (
      <main className="main">
        <p className="notice">
          Trace {trace_id} has no run of a workflow at span {span_id} (yet).
        </p>
      </main>
    );
  }
  return <LoadedRun run={run} runs={runs} spans={data} trace_id={trace_id} />;
}

type LoadedProps = { run: WorkflowRun; runs: readonly WorkflowRun[]; spans: readonly SpanRow[]; trace_id: string };

function LoadedRun({ run, runs, spans, trace_id }: LoadedProps) {
  const search = useSearch({ from: "/runs/$trace_id/$span_id" });
  const navigate = useNavigate({ from: "/runs/$trace_id/$span_id" });
  const prices = useQuery(prices_question()).data ?? [];
  const calls = useMemo(
    () => calls_counted_once(calls_within(llm_calls(spans), spans, run.span_id), spans),
    [spans, run],
  );
  const selection = { span_id: search.span ?? null, step: search.step ?? -1, tab: search.tab ?? "changes" } as const;
  const select = ({ span_id, step, tab }: Partial<RunSelection>) =>
    void navigate({
      search: (old) => ({
        ...old,
        ...(step !== undefined && { step: step < 0 ? undefined : step }),
        ...(span_id !== undefined && { span: span_id ?? undefined }),
        ...(tab !== undefined && { tab: tab === "changes" ? undefined : tab }),
      }),
      // The first choice is one to come back from; going through many is not.
      replace: search.step !== undefined || search.span !== undefined,
    });
  return (
    <main className="main">
      <div className="row spread">
        <h1>{run.name}</h1>
        <p className="row faint">
          <span className={run.status === "error" ? "badge is-error" : "badge"}>{run.status}</span>
          {run.span && <time dateTime={run.span.start_time}>{time_text(run.span.start_time)}</time>}
          <span>{run.duration_ns === null ? "has not ended" : duration_text(run.duration_ns)}</span>
          <TokenTotals calls={calls} prices={prices} />
        </p>
      </div>
      <div className="row">
        <Link
          to="/traces/$trace_id"
          params={{ trace_id }}
          search={{ ...time_search(search), span: search.span ?? run.span_id }}
        >
          The trace, {count_text(spans.length)} spans
        </Link>
        <OtherRuns run={run} runs={runs} trace_id={trace_id} />
        {run.span && run.kind === "workflow" && <CompareWith run={run} span={run.span} trace_id={trace_id} />}
      </div>
      <RunView run={run} spans={spans} selection={selection} on_selection={select} />
    </main>
  );
}

/** The runs that this one is in, and those in it. */
function OtherRuns({ run, runs, trace_id }: Pick<LoadedProps, "run" | "runs" | "trace_id">) {
  const search = time_search(useSearch({ strict: false }));
  const others = runs.filter((other) => other !== run);
  return others.map((other) => (
    <Link
      key={other.span_id}
      to="/runs/$trace_id/$span_id"
      params={{ trace_id, span_id: other.span_id }}
      search={search}
    >
      {other.kind} {other.name}
    </Link>
  ));
}

function CompareWith({ run, span, trace_id }: { run: WorkflowRun; span: SpanRow; trace_id: string }) {
  const search = time_search(useSearch({ strict: false }));
  const navigate = useNavigate();
  const siblings = useQuery(sibling_runs_question(span.service_name, span.name)).data ?? [];
  const others = siblings.filter(({ matched_span_id }) => matched_span_id !== run.span_id);
  if (others.length === 0) return null;
  const compare = (other: string) =>
    void navigate({ to: "/compare", search: { ...search, before: other, after: `${trace_id}.${run.span_id}` } });
  return (
    <label>
      <span className="hidden">Compare with another run</span>
      <select value="" onChange={({ target }) => compare(target.value)}>
        <option value="">Compare with …</option>
        {others.map((other) => (
          <option key={other.matched_span_id} value={`${other.trace_id}.${other.matched_span_id}`}>
            {time_text(other.start_time)}, {duration_text(other.duration_ns)}
            {other.error_count > 0 ? ", failed" : ""}
          </option>
        ))}
      </select>
    </label>
  );
}
