import { useEffect, useState } from "react";
import { key_headers, type TraceSummary } from "../api/client.ts";
import { server_events } from "./server-events.ts";

const TRACES_MAX = 500;
const RETRY_MS = 2_000;

/** Traces with matching spans that have come in since it is followed, newest first; `gap_count`: how often some were missed. */
export type Tail = { traces: readonly TraceSummary[]; gap_count: number };
const NOTHING: Tail = { traces: [], gap_count: 0 };

/** Follows what comes in for as long as it is wanted, and goes on by itself when the connection breaks off. */
export function useTail(filter: string, is_wanted: boolean): Tail {
  const [tail, set_tail] = useState(NOTHING);
  useEffect(() => {
    set_tail(NOTHING);
    if (!is_wanted) return undefined;
    const leaving = new AbortController();
    const gap = () => set_tail(({ traces, gap_count }) => ({ traces, gap_count: gap_count + 1 }));
    const follow = async () => {
      const path = `/otel/tail?filter=${encodeURIComponent(filter)}`;
      for await (const { event, data } of server_events(path, key_headers(), leaving.signal)) {
        if (event === "gap") gap();
        if (event !== "traces") continue;
        const fresh = JSON.parse(data) as TraceSummary[];
        set_tail(({ traces, gap_count }) => ({ traces: merged(fresh, traces), gap_count }));
      }
    };
    const follow_for_ever = async () => {
      while (!leaving.signal.aborted) {
        await follow().catch(() => undefined);
        if (leaving.signal.aborted) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        gap();
      }
    };
    void follow_for_ever();
    return () => leaving.abort();
  }, [filter, is_wanted]);
  return tail;
}

/** A trace comes again as it grows: it keeps its place. */
function merged(fresh: readonly TraceSummary[], known: readonly TraceSummary[]): TraceSummary[] {
  const by_id = new Map(fresh.map((trace) => [trace.trace_id, trace]));
  const kept = known.map((trace) => by_id.get(trace.trace_id) ?? trace);
  const known_ids = new Set(known.map(({ trace_id }) => trace_id));
  return [...fresh.filter(({ trace_id }) => !known_ids.has(trace_id)), ...kept].slice(0, TRACES_MAX);
}
