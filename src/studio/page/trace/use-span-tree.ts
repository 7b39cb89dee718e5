import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useCallback, useMemo, useRef, useState } from "react";
import { ids_above, trace_rows, type TraceNode, type TraceRow, type TraceTree } from "./tree.ts";

const PAGE_ROWS = 20;
/** Drawn beyond each end: more than a click of the wheel, and few, for a long scroll writes all of them anew in each frame. */
const OVERSCAN_ROWS = 6;
const INDENT_MIN_PIXELS = 8;
const INDENT_STEP_PIXELS = 14;
/** Elements of rows come and go so many at once. */
const SLOTS_STEP = 32;

type Options = {
  roots: TraceTree["roots"];
  row_height: number;
  chosen_id: string | null;
  is_hidden?: ((node: TraceNode) => boolean) | undefined;
  on_chosen: (span_id: string) => void;
};

/**
 * Spans below each other as a tree of which only the rows in sight are drawn: which rows there are, which are folded, and what
 * the keys do. `tree_props` belong to the element that scrolls, `item_props` of each of `in_sight` to its row, whose key is
 * its `slot`: the elements of rows that went out of sight are used for those that came.
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
  const chosen_at = useMemo(() => rows.findIndex(({ node }) => node.id === chosen_id), [rows, chosen_id]);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => row_height,
    overscan: OVERSCAN_ROWS,
  });
  const fold = useCallback((id: string, is_wanted: boolean) => {
    set_folded((now) => {
      const next = new Set(now);
      if (is_wanted) next.add(id);
      else next.delete(id);
      return next;
    });
  }, []);
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
  const items = virtual.getVirtualItems();
  const slot_count = Math.ceil(items.length / SLOTS_STEP) * SLOTS_STEP;
  const in_sight = items.map(({ index, start }): RowInSight => ({
    slot: index % slot_count,
    row: rows[index],
    index,
    top: start,
    row_count: rows.length,
    is_chosen: index === chosen_at,
  }));
  return { rows, chosen_at, in_sight, virtual, fold, tree_props };
}

/** A row to draw, and where. */
export type RowInSight = {
  slot: number;
  row: TraceRow;
  index: number;
  /** In pixels. */
  top: number;
  row_count: number;
  is_chosen: boolean;
};

/** In pixels. */
export const indent_of = ({ depth }: TraceRow): number => INDENT_MIN_PIXELS + depth * INDENT_STEP_PIXELS;

/** Of its element. */
export const item_props = ({ row, index, top, row_count, is_chosen }: Omit<RowInSight, "slot">) => ({
  id: `span-${row.node.id}`,
  role: "treeitem",
  style: { top },
  "aria-level": row.depth + 1,
  "aria-posinset": index + 1,
  "aria-setsize": row_count,
  "aria-selected": is_chosen,
  "aria-expanded": row.has_children ? !row.is_folded : undefined,
});
