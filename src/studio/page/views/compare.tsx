import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useMemo } from "react";
import { prices_question, trace_question } from "../api/questions.ts";
import { compare_runs } from "../compare/index.ts";
import { CompareView } from "../compare/compare-view.tsx";
import { time_search, type TimeSearch } from "../lib/time-range.ts";
import { Failure } from "../parts/failure.tsx";

/** The two runs, each as its trace and its span with a dot between them. */
export type CompareSearch = TimeSearch & { before?: string; after?: string };

const RUN = /^([0-9a-f]{32})\.([0-9a-f]{16})$/;

export function compare_search(search: Record<string, unknown>): CompareSearch {
  const run = (name: "before" | "after") => {
    const text = search[name];
    return typeof text === "string" && RUN.test(text) ? { [name]: text } : {};
  };
  return { ...time_search(search), ...run("before"), ...run("after") };
}

/** Two runs of a workflow beside each other. */
export function CompareRunsView() {
  const { before, after } = useSearch({ from: "/compare" });
  if (before === undefined || after === undefined) {
    return (
      <main className="main">
        <p className="notice">Choose a run of a workflow, and there another one to compare it with.</p>
      </main>
    );
  }
  return <Comparison before={before} after={after} />;
}

function Comparison({ before, after }: { before: string; after: string }) {
  const search = time_search(useSearch({ strict: false }));
  const [first, second] = [before, after].map((text) => text.split(".")) as [[string, string], [string, string]];
  const [left, right] = [useQuery(trace_question(first[0])), useQuery(trace_question(second[0]))];
  const prices = useQuery(prices_question()).data;
  const [first_span, second_span] = [first[1], second[1]];
  const comparison = useMemo(() => {
    if (left.data === undefined || right.data === undefined) return undefined;
    const of = (trace: typeof left.data, run_span_id: string) => ({ trace, run_span_id });
    return compare_runs(of(left.data, first_span), of(right.data, second_span), prices ?? []);
  }, [left.data, right.data, first_span, second_span, prices]);
  const error = left.error ?? right.error;
  if (error !== null)
    return (
      <main className="main">
        <Failure error={error} />
      </main>
    );
  if (comparison === undefined) return <main className="main" aria-busy="true" />;
  return (
    <main className="main">
      <h1>{comparison === null ? "Two runs" : comparison.after.name}</h1>
      <p className="row">
        {[first, second].map(([trace_id, span_id], index) => (
          <Link key={index} to="/runs/$trace_id/$span_id" params={{ trace_id, span_id }} search={search}>
            {index === 0 ? "The run before" : "The run after"}
          </Link>
        ))}
      </p>
      {comparison === null ? (
        <p className="notice">One of them is no run of a workflow, or has not arrived.</p>
      ) : (
        <CompareView comparison={comparison} />
      )}
    </main>
  );
}
