import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import type { SpanRow } from "../api/span-row.ts";
import { prices_question, trace_question } from "../api/questions.ts";
import { count_text, duration_text, time_text } from "../lib/format.ts";
import { time_search, type TimeSearch } from "../lib/time-range.ts";
import { calls_counted_once, llm_calls } from "../llm/index.ts";
import { Failure } from "../parts/failure.tsx";
import { TokenTotals } from "../parts/token-totals.tsx";
import { SpanPanel } from "../trace/span-panel.tsx";
import { trace_tree } from "../trace/tree.ts";
import { Waterfall } from "../trace/waterfall.tsx";
import { workflow_runs } from "../workflow/index.ts";

/** How a trace is looked at: which span is chosen, what is looked for, and what is left out or drawn short. */
export type TraceSearch = TimeSearch & { span?: string; find?: string; plumbing?: "hidden"; idle?: "short" };

const SPAN_ID = /^[0-9a-f]{16}$/;

export function trace_search(search: Record<string, unknown>): TraceSearch {
  const { find, plumbing, idle } = search;
  return {
    ...time_search(search),
    ...span_search(search),
    ...(text_of(find) !== "" && { find: text_of(find) }),
    ...(plumbing === "hidden" && { plumbing }),
    ...(idle === "short" && { idle }),
  };
}

export function span_search({ span }: Record<string, unknown>): { span?: string } {
  const span_id = text_of(span).padStart(16, "0");
  return span !== undefined && SPAN_ID.test(span_id) ? { span: span_id } : {};
}

/** Digits alone are read as a number. */
const text_of = (value: unknown): string =>
  typeof value === "string" || typeof value === "number" ? String(value) : "";

/** One trace: its spans over time, and the chosen one's content. */
export function TraceView() {
  const { trace_id } = useParams({ from: "/traces/$trace_id" });
  const { data, error } = useQuery(trace_question(trace_id));
  if (error !== null)
    return (
      <main className="main">
        <Failure error={error} />
      </main>
    );
  if (data === undefined) return <main className="main" aria-busy="true" />;
  if (data.length === 0) {
    return (
      <main className="main">
        <p className="notice">There is no trace {trace_id} (yet).</p>
      </main>
    );
  }
  return <LoadedTrace trace_id={trace_id} spans={data} />;
}

function LoadedTrace({ trace_id, spans }: { trace_id: string; spans: readonly SpanRow[] }) {
  const search = useSearch({ from: "/traces/$trace_id" });
  const navigate = useNavigate({ from: "/traces/$trace_id" });
  const tree = useMemo(() => trace_tree(spans), [spans]);
  const chosen = search.span === undefined ? undefined : tree.by_id.get(search.span)?.span;
  const change = (changed: Partial<TraceSearch>, replace = false) =>
    void navigate({ search: (old) => ({ ...old, ...changed }), replace });
  const root = tree.roots.find(({ span }) => span !== null)?.span;
  const runs = useMemo(() => workflow_runs(spans), [spans]);
  const calls = useMemo(() => calls_counted_once(llm_calls(spans), spans), [spans]);
  const prices = useQuery(prices_question()).data ?? [];
  const error_count = spans.filter(({ status_code }) => status_code === "2").length;
  return (
    <main className="main is-filled">
      <div className="row spread">
        <h1>{root?.name ?? `Trace ${trace_id}`}</h1>
        <p className="row faint">
          {root && <time dateTime={root.start_time}>{time_text(root.start_time)}</time>}
          <span>{duration_text(tree.duration_ns)}</span>
          <span>{count_text(spans.length)} spans</span>
          {error_count > 0 && <span className="badge is-error">{count_text(error_count)} failed</span>}
          <TokenTotals calls={calls} prices={prices} />
          {tree.missing_count > 0 && (
            <span className="badge is-warning">{count_text(tree.missing_count)} parents have not arrived</span>
          )}
          <span className="mono">{trace_id}</span>
        </p>
      </div>
      <div className="row">
        <input
          type="search"
          aria-label="Find spans"
          placeholder="Find in names and attributes"
          defaultValue={search.find ?? ""}
          onChange={({ target }) => change({ find: target.value === "" ? undefined : target.value }, true)}
        />
        <button
          type="button"
          aria-pressed={search.plumbing === "hidden"}
          onClick={() => change({ plumbing: search.plumbing === "hidden" ? undefined : "hidden" })}
        >
          Hide infrastructure
        </button>
        <button
          type="button"
          aria-pressed={search.idle === "short"}
          onClick={() => change({ idle: search.idle === "short" ? undefined : "short" })}
        >
          Compress idle time
        </button>
        {runs.map(({ span_id, kind, name }) => (
          <Link key={span_id} to="/runs/$trace_id/$span_id" params={{ trace_id, span_id }} search={time_search(search)}>
            {kind} {name}
          </Link>
        ))}
        <Link to="/traces" search={time_search(search)}>
          All traces
        </Link>
      </div>
      <div className={`trace ${chosen ? "has-panel" : ""}`}>
        <Waterfall
          tree={tree}
          chosen_id={search.span ?? null}
          find={search.find ?? ""}
          is_plumbing_hidden={search.plumbing === "hidden"}
          is_idle_short={search.idle === "short"}
          on_chosen={(span) => change({ span }, search.span !== undefined)}
        />
        {chosen && <SpanPanel span={chosen} spans={spans} on_close={() => change({ span: undefined })} />}
      </div>
    </main>
  );
}
