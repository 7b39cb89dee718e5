import type { TraceTree } from "./tree.ts";

/** Where a moment of a trace stands, from 0 to 1. */
export type TimeScale = {
  at(ns: number): number;
  /** How much of the trace's time is not drawn to scale. */
  compressed_ns: number;
};

type Part = { from_ns: number; to_ns: number; from: number; to: number };

/** An idle time is long if it takes this share of the trace, and is drawn with that share. */
const IDLE_SHARE_MIN = 0.05;
const IDLE_SHARE_DRAWN = 0.01;

export const linear_scale = ({ duration_ns }: TraceTree): TimeScale => ({
  at: (ns) => (duration_ns === 0 ? 0 : ns / duration_ns),
  compressed_ns: 0,
});

/** With long times in which nothing but parents of others ran drawn short. */
export function compressed_scale(tree: TraceTree): TimeScale {
  const idle = idle_times(tree).filter(([from, to]) => to - from >= tree.duration_ns * IDLE_SHARE_MIN);
  if (idle.length === 0) return linear_scale(tree);
  const compressed_ns = idle.reduce((sum, [from, to]) => sum + to - from, 0);
  const busy_share = 1 - idle.length * IDLE_SHARE_DRAWN;
  const per_ns = busy_share / Math.max(1, tree.duration_ns - compressed_ns);
  const parts: Part[] = [];
  let [at_ns, at] = [0, 0];
  const add = (to_ns: number, share: number) => {
    parts.push({ from_ns: at_ns, to_ns, from: at, to: at + share });
    [at_ns, at] = [to_ns, at + share];
  };
  for (const [from, to] of idle) {
    add(from, (from - at_ns) * per_ns);
    add(to, IDLE_SHARE_DRAWN);
  }
  add(tree.duration_ns, (tree.duration_ns - at_ns) * per_ns);
  return { at: (ns) => place_in(parts, ns), compressed_ns };
}

function place_in(parts: readonly Part[], ns: number): number {
  const part = parts.find(({ to_ns }) => ns <= to_ns) ?? parts[parts.length - 1];
  const length_ns = part.to_ns - part.from_ns;
  return length_ns === 0 ? part.from : part.from + ((ns - part.from_ns) / length_ns) * (part.to - part.from);
}

/** Between the times of spans that have none below them. */
function idle_times({ by_id, duration_ns }: TraceTree): [from: number, to: number][] {
  const busy = [...by_id.values()]
    .filter(({ children }) => children.length === 0)
    .sort((a, b) => a.start_ns - b.start_ns);
  const idle: [number, number][] = [];
  let until_ns = 0;
  for (const { start_ns, end_ns } of busy) {
    if (start_ns > until_ns) idle.push([until_ns, start_ns]);
    until_ns = Math.max(until_ns, end_ns);
  }
  if (until_ns < duration_ns) idle.push([until_ns, duration_ns]);
  return idle;
}
