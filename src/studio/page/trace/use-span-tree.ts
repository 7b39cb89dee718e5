import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { ids_above, trace_rows, type TraceNode, type TraceRow, type TraceTree } from "./tree.ts";

const PAGE_ROWS = 20;
/** Drawn beyond each end: more than a click of the wheel, and few, for a long scroll makes all of them anew in each frame. */
const OVERSCAN_ROWS = 6;

type Options = {
  roots: TraceTree["roots"];
  row_height: number;
  chosen_id: string | null;
  is_hidden?: ((node: TraceNode) => boolean) | undefined;
  on_chosen: (span_id: string) => void;
};

/**
 * Spans below each other as a tree of which only the rows in sight are drawn: which rows there are, which are folded, and what
 * the keys do. `tree_props` belong to the element that scrolls, `item_props` to each row.
 */
export function useSpanTree({ roots, row_height, chosen_id, is_hidden, on_chosen }: Options) {
  const scroller = useRef<HTMLDivElement>(null);
  const [folded, set_folded] = useState<ReadonlySet<string>>(new Set());
  const [shown_id, set_shown_id] = useState(chosen_id);
  if (shown_id !== chosen_id) {
    // What is chosen elsewhere may be in what is folded. It can be folded again afterwards.
    set_shown_id(chosen_id);
    const above = chosen_id === null ? [] : ids_above(roots, chosen_id);
    if (above.some((id) => folded.has(id))) set_folded(new Set([...folded].filter((id) => !above.includes(id))));
  }
  const rows = useMemo(() => trace_rows({ roots }, folded, is_hidden), [roots, folded, is_hidden]);
  const chosen_at = rows.findIndex(({ node }) => node.id === chosen_id);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => row_height,
    overscan: OVERSCAN_ROWS,
  });
  const fold = (id: string, is_wanted: boolean) => {
    const next = new Set(folded);
    if (is_wanted) next.add(id);
    else next.delete(id);
    set_folded(next);
  };
  const on_key = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: PAGE_ROWS,
      PageUp: -PAGE_ROWS,
      Home: -rows.length,
      End: rows.length,
      Enter: 0,
    };
    const step = steps[event.key];
    if (step !== undefined && rows.length > 0) {
      event.preventDefault();
      const at = Math.min(rows.length - 1, Math.max(0, chosen_at + step));
      on_chosen(rows[at].node.id);
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      const at = Math.max(0, chosen_at);
      const is_left = event.key === "ArrowLeft";
      const row = rows.at(at);
      if (row === undefined) return;
      if (row.has_children && row.is_folded !== is_left) {
        fold(row.node.id, is_left);
        return;
      }
      const next = is_left ? rows.slice(0, at).findLast(({ depth }) => depth < row.depth) : rows.at(at + 1);
      if (next !== undefined && (is_left || next.depth > row.depth)) on_chosen(next.node.id);
    }
  };
  const tree_props = {
    ref: scroller,
    role: "tree",
    tabIndex: 0,
    "aria-activedescendant": chosen_at >= 0 ? `span-${rows[chosen_at].node.id}` : undefined,
    onKeyDown: on_key,
  };
  const item_props = ({ node, depth, has_children, is_folded }: TraceRow, index: number, top: number) => ({
    id: `span-${node.id}`,
    role: "treeitem",
    style: { top, ["--depth" as string]: depth },
    "aria-level": depth + 1,
    "aria-posinset": index + 1,
    "aria-setsize": rows.length,
    "aria-selected": node.id === chosen_id,
    "aria-expanded": has_children ? !is_folded : undefined,
    onClick: () => on_chosen(node.id),
  });
  return { rows, chosen_at, virtual, fold, tree_props, item_props };
}
