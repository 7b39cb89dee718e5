import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useMemo, useRef } from "react";
import type { TraceSummary } from "../api/client.ts";
import { counts_question, pending_question, service_names_question, traces_question } from "../api/questions.ts";
import { count_text, duration_text, time_text } from "../lib/format.ts";
import { range_of, time_search, type TimeSearch } from "../lib/time-range.ts";
import { useTail } from "../lib/use-tail.ts";
import { CountsChart } from "../parts/counts-chart.tsx";
import { Failure } from "../parts/failure.tsx";
import { FilterChips } from "../parts/filter-chips.tsx";
import { FilterInput } from "../parts/filter-input.tsx";
import { FirstSteps } from "../parts/first-steps.tsx";
import { RunningNow } from "../parts/running-now.tsx";

const ROW_HEIGHT = 34;
/** Rows before the end at which more are fetched. */
const AHEAD = 20;

export type TracesSearch = TimeSearch & { filter?: string; live?: boolean };

export function traces_search(search: Record<string, unknown>): TracesSearch {
  const { filter, live } = search;
  return {
    ...time_search(search),
    ...(typeof filter === "string" && filter !== "" && { filter }),
    ...(live === true && { live }),
  };
}

/** Traces that match a filter, newest first, without an end; and those that come in. */
export function TracesView() {
  const search = useSearch({ from: "/traces" });
  const { filter = "", live = false } = search;
  const navigate = useNavigate({ from: "/traces" });
  const range = range_of(search);
  const pages = useInfiniteQuery(traces_question(filter, range));
  const counts = useQuery(counts_question(filter, range));
  const tail = useTail(filter, live);
  const names = useQuery(service_names_question());
  const { refetch } = pages;
  useEffect(() => {
    if (tail.gap_count > 0) void refetch();
  }, [tail.gap_count, refetch]);
  const traces = useMemo(() => {
    const newer = new Set(tail.traces.map(({ trace_id }) => trace_id));
    const found = pages.data?.pages.flatMap((page) => page.traces) ?? [];
    return [...tail.traces, ...found.filter(({ trace_id }) => !newer.has(trace_id))];
  }, [pages.data, tail.traces]);
  const pending = useQuery(pending_question());
  if (names.data?.length === 0 && traces.length === 0 && pending.data?.length === 0) return <FirstSteps />;

  const set_filter = (wanted: string) =>
    void navigate({ search: (old) => ({ ...old, filter: wanted === "" ? undefined : wanted }) });
  const set_part = (since: string, until: string) =>
    void navigate({ search: (old) => ({ ...old, last: undefined, since, until }) });
  const set_live = (is_live: boolean) =>
    void navigate({ search: (old) => ({ ...old, live: is_live ? true : undefined }), replace: true });
  return (
    <main className="main is-filled">
      <div className="row">
        <FilterInput filter={filter} on_filter={set_filter} />
        <button type="button" aria-pressed={live} onClick={() => set_live(!live)}>
          {live ? "Pause" : "Live"}
        </button>
      </div>
      {filter === "" && <RunningNow />}
      <FilterChips filter={filter} on_filter={set_filter} />
      {counts.data && <CountsChart {...counts.data} on_chosen={set_part} />}
      {pages.error !== null && <Failure error={pages.error} />}
      <TraceList
        traces={traces}
        is_whole={!pages.hasNextPage}
        is_busy={pages.isFetching}
        on_more={() => void pages.fetchNextPage()}
      />
    </main>
  );
}

type ListProps = { traces: readonly TraceSummary[]; is_whole: boolean; is_busy: boolean; on_more: () => void };

function TraceList({ traces, is_whole, is_busy, on_more }: ListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({
    count: traces.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_HEIGHT,
    overscan: 10,
  });
  const items = rows.getVirtualItems();
  const last_index = items.at(-1)?.index ?? -1;
  const wants_more = !is_whole && !is_busy && last_index >= traces.length - AHEAD;
  useEffect(() => {
    if (wants_more) on_more();
  }, [wants_more, on_more]);
  if (traces.length === 0) {
    return (
      <p className="faint" role="status">
        {is_busy ? "Looking …" : "No trace has such a span in this time."}
      </p>
    );
  }
  return (
    <div className="traces" ref={scroller} role="list" aria-label="Traces" aria-busy={is_busy}>
      <div className="sizer" style={{ height: rows.getTotalSize() }}>
        {items.map(({ index, start }) => (
          <TraceRow key={traces[index].trace_id} trace={traces[index]} top={start} />
        ))}
      </div>
    </div>
  );
}

function TraceRow({ trace, top }: { trace: TraceSummary; top: number }) {
  const search = time_search(useSearch({ strict: false }));
  const { trace_id, root, error_count, llm_span_count, matched_span_id } = trace;
  return (
    <div role="listitem" className="trace-line" style={{ top, height: ROW_HEIGHT }}>
      <Link
        to="/traces/$trace_id"
        params={{ trace_id }}
        search={{ ...search, ...(matched_span_id !== root?.span_id && { span: matched_span_id }) }}
        className="trace-row"
      >
        <time className="mono" dateTime={trace.start_time}>
          {time_text(trace.start_time)}
        </time>
        <span>{root?.name ?? <i className="faint">its root has not arrived</i>}</span>
        <span className="number">{duration_text(trace.duration_ns)}</span>
        <span className="number faint">{count_text(trace.span_count)} sp.</span>
        <span className="faint">{trace.service_names.join(", ")}</span>
        <span>
          {error_count > 0 && <span className="badge is-error">{count_text(error_count)} failed</span>}{" "}
          {llm_span_count > 0 && <span className="badge is-llm">{count_text(llm_span_count)} LLM</span>}{" "}
          {root?.junjo_span_type === "workflow" && <span className="badge">workflow</span>}
        </span>
      </Link>
    </div>
  );
}
