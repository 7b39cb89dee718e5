import type { TraceNode, TraceTree } from "./tree.ts";

/**
 * The spans that the trace's length depends on: going back from the end of the longest root, at each moment the child that
 * ended last is what its parent was waiting for.
 */
export function critical_path({ roots }: TraceTree): ReadonlySet<string> {
  const path = new Set<string>();
  const last = roots.reduce<TraceNode | null>(
    (found, root) => (found === null || root.end_ns > found.end_ns ? root : found),
    null,
  );
  const waiting = last === null ? [] : [{ node: last, until_ns: last.end_ns }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node } = next;
    if (path.has(node.id)) continue;
    path.add(node.id);
    let { until_ns } = next;
    for (const child of node.children.toSorted((a, b) => b.end_ns - a.end_ns)) {
      // What went on while another was waited for, or ends later than its parent, held nobody up.
      if (child.end_ns > until_ns || child.end_ns < node.start_ns) continue;
      waiting.push({ node: child, until_ns: child.end_ns });
      until_ns = child.start_ns;
    }
  }
  return path;
}
