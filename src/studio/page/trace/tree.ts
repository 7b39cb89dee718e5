import { end_unix_nano, start_unix_nano, type SpanRow } from "../model/span-row.ts";

/** A span in its place, or the place of a parent that has not arrived. Times are nanoseconds from the trace's start. */
export type TraceNode = {
  id: string;
  /** Null: it has not arrived; its times are those of what is below it. */
  span: SpanRow | null;
  start_ns: number;
  end_ns: number;
  children: TraceNode[];
};

export type TraceTree = {
  /** By start. */
  roots: TraceNode[];
  by_id: ReadonlyMap<string, TraceNode>;
  duration_ns: number;
  /** Parents that some span names and that are not there. */
  missing_count: number;
};

/** A row of the waterfall. */
export type TraceRow = { node: TraceNode; depth: number; is_folded: boolean; has_children: boolean };

/** The spans of one trace as trees. Of spans that are each other's parents, the first stands as a root. */
export function trace_tree(spans: readonly SpanRow[]): TraceTree {
  const starts = spans.map(start_unix_nano);
  const first_unix_nano = starts.reduce((least, start) => (start < least ? start : least), starts.at(0) ?? 0n);
  const from_start = (unix_nano: bigint) => Number(unix_nano - first_unix_nano);
  const by_id = new Map<string, TraceNode>();
  for (const span of spans) {
    const start_ns = from_start(start_unix_nano(span));
    // A clock that was set back may have a span end before it starts.
    const end_ns = Math.max(start_ns, from_start(end_unix_nano(span)));
    by_id.set(span.span_id, { id: span.span_id, span, start_ns, end_ns, children: [] });
  }
  const roots: TraceNode[] = [];
  let missing_count = 0;
  // Places of parents are added on the way, and have none themselves.
  for (const node of Array.from(by_id.values())) {
    const parent_id = node.span?.parent_span_id ?? null;
    if (parent_id === null) {
      roots.push(node);
      continue;
    }
    let parent = by_id.get(parent_id);
    if (parent === undefined) {
      parent = { id: parent_id, span: null, start_ns: node.start_ns, end_ns: node.end_ns, children: [] };
      by_id.set(parent_id, parent);
      roots.push(parent);
      missing_count++;
    }
    parent.children.push(node);
    if (parent.span === null) {
      parent.start_ns = Math.min(parent.start_ns, node.start_ns);
      parent.end_ns = Math.max(parent.end_ns, node.end_ns);
    }
  }
  break_circles(by_id, roots);
  roots.sort(by_start);
  for (const node of by_id.values()) node.children.sort(by_start);
  const duration_ns = [...by_id.values()].reduce((most, { end_ns }) => Math.max(most, end_ns), 0);
  return { roots, by_id, duration_ns, missing_count };
}

/** What no root leads to is in a circle, or below one. */
function break_circles(by_id: ReadonlyMap<string, TraceNode>, roots: TraceNode[]): void {
  const reached = new Set<TraceNode>();
  const reach = (from: TraceNode) => {
    const waiting = [from];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (reached.has(node)) continue;
      reached.add(node);
      waiting.push(...node.children);
    }
  };
  for (const root of roots) reach(root);
  for (const node of by_id.values()) {
    if (reached.has(node)) continue;
    const parent = by_id.get(node.span?.parent_span_id ?? "");
    if (parent !== undefined) parent.children = parent.children.filter((child) => child !== node);
    roots.push(node);
    reach(node);
  }
}

const by_start = (a: TraceNode, b: TraceNode): number => a.start_ns - b.start_ns || b.end_ns - a.end_ns;

/**
 * The rows from top to bottom. Below a folded node there are none; of a node that is hidden only those below it, one step
 * further out.
 */
export function trace_rows(
  { roots }: Pick<TraceTree, "roots">,
  folded: ReadonlySet<string>,
  is_hidden: (node: TraceNode) => boolean = () => false,
): TraceRow[] {
  const rows: TraceRow[] = [];
  const waiting = roots.map((node) => ({ node, depth: 0 })).reverse();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, depth } = next;
    const is_shown = !is_hidden(node);
    const is_folded = is_shown && folded.has(node.id);
    if (is_shown) rows.push({ node, depth, is_folded, has_children: node.children.length > 0 });
    if (is_folded) continue;
    for (const child of node.children.toReversed()) waiting.push({ node: child, depth: depth + Number(is_shown) });
  }
  return rows;
}

/** The ids of those that a node is below, the nearest first; none if it is a root, or not there. */
export function ids_above(roots: TraceTree["roots"], id: string): string[] {
  const parents = new Map<string, TraceNode>();
  const waiting = [...roots];
  for (let node = waiting.pop(); node !== undefined && node.id !== id; node = waiting.pop()) {
    for (const child of node.children) {
      parents.set(child.id, node);
      waiting.push(child);
    }
  }
  const above: string[] = [];
  for (let node = parents.get(id); node !== undefined; node = parents.get(node.id)) above.push(node.id);
  return above;
}

const INFRASTRUCTURE_KEY = /^(http|url|net|network|server|client|db|rpc|messaging|faas|dns|tls)\./;

/** Plumbing: what carries calls, and is neither a step of a workflow nor a call of a model or tool. */
export function is_infrastructure({ span }: TraceNode): boolean {
  if (span === null || span.is_llm || span.junjo_span_type !== null) return false;
  const keys = Object.keys(span.attributes_json);
  if (keys.some((key) => key.startsWith("gen_ai.") || key.startsWith("openinference.") || key.startsWith("junjo.")))
    return false;
  return keys.some((key) => INFRASTRUCTURE_KEY.test(key));
}
