import { memo, useEffect, useMemo } from "react";
import { duration_text } from "../lib/format.ts";
import { stringify_exactly } from "../model/exact-json.ts";
import { PendingBadge } from "../parts/running-now.tsx";
import { critical_path } from "./critical-path.ts";
import { FoldButton } from "./fold-button.tsx";
import { compressed_scale, linear_scale, type TimeScale } from "./time-scale.ts";
import { is_infrastructure, type TraceNode, type TraceTree } from "./tree.ts";
import { indent_of, item_props, type RowInSight, useSpanTree } from "./use-span-tree.ts";

const ROW_HEIGHT = 26;
const TICKS = [0, 0.25, 0.5, 0.75, 1];
const COLORS = 6;

type Props = {
  tree: TraceTree;
  chosen_id: string | null;
  find: string;
  is_plumbing_hidden: boolean;
  is_idle_short: boolean;
  on_chosen: (span_id: string) => void;
};

/** Spans over time, those below each other indented. Only the rows in sight are drawn. */
export function Waterfall({ tree, chosen_id, find, is_plumbing_hidden, is_idle_short, on_chosen }: Props) {
  const { rows, chosen_at, in_sight, virtual, fold, tree_props } = useSpanTree({
    roots: tree.roots,
    row_height: ROW_HEIGHT,
    chosen_id,
    is_hidden: is_plumbing_hidden ? is_infrastructure : undefined,
    on_chosen,
  });
  const scale = useMemo(() => (is_idle_short ? compressed_scale(tree) : linear_scale(tree)), [tree, is_idle_short]);
  const critical = useMemo(() => critical_path(tree), [tree]);
  const color_of = useMemo(() => service_colors(tree), [tree]);
  const found = useMemo(() => found_ids(tree, find), [tree, find]);
  const first_found = useMemo(() => rows.findIndex(({ node }) => found.has(node.id)), [rows, found]);
  const wanted_at = find === "" ? chosen_at : first_found;
  useEffect(() => {
    if (wanted_at >= 0) virtual.scrollToIndex(wanted_at, { align: "auto" });
    // What is in sight stays when rows come or go.
    // oxlint-disable-next-line exhaustive-deps
  }, [chosen_id, find]);

  return (
    <div style={{ display: "flex", flexDirection: "column", minHeight: 0 }}>
      <TimeAxis tree={tree} scale={scale} row_count={rows.length} found_count={find === "" ? null : found.size} />
      <div {...tree_props} className="waterfall" aria-label="Spans">
        <div className="sizer" role="presentation" style={{ height: virtual.getTotalSize() }}>
          {in_sight.map(({ slot, ...shown }) => (
            <SpanLine
              key={slot}
              {...shown}
              scale={scale}
              color={color_of(shown.row.node)}
              is_critical={critical.has(shown.row.node.id)}
              is_found={found.has(shown.row.node.id)}
              on_chosen={on_chosen}
              on_fold={fold}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

type LineProps = Omit<RowInSight, "slot"> & {
  scale: TimeScale;
  color: string;
  is_critical: boolean;
  is_found: boolean;
  on_chosen: (span_id: string) => void;
  on_fold: (span_id: string, is_wanted: boolean) => void;
};

/** Drawn again only if something about it has changed: while one scrolls most rows stay what they are. */
const SpanLine = memo(function SpanLine({
  scale,
  color,
  is_critical,
  is_found,
  on_chosen,
  on_fold,
  ...shown
}: LineProps) {
  const { row } = shown;
  const { node } = row;
  const { span, start_ns, end_ns } = node;
  const is_error = span?.status_code === "2";
  const [from, to] = [scale.at(start_ns) * 100, scale.at(end_ns) * 100];
  const marks = [
    "span-row",
    is_error && "is-error",
    is_critical && "is-critical",
    is_found && "is-found",
    span === null && "is-placeholder",
    span?.pending !== undefined && "is-pending",
  ];
  return (
    <div
      {...item_props(shown)}
      onClick={() => on_chosen(node.id)}
      className={marks.filter((mark) => mark !== false).join(" ")}
    >
      <div className="span-label" style={{ paddingLeft: indent_of(row) }}>
        <FoldButton row={row} on_fold={() => on_fold(node.id, !row.is_folded)} />
        <span className="span-name">{span?.name ?? `parent ${node.id} has not arrived`}</span>
        {span?.is_llm && <span className="badge is-llm">LLM</span>}
        {span?.junjo_span_type && <span className="badge">{span.junjo_span_type}</span>}
        {is_error && <span className="badge is-error">error</span>}
        {span?.pending && <PendingBadge state={span.pending} />}
        <span className="faint">{span?.service_name}</span>
      </div>
      <div className="span-time">
        <div className="span-bar" style={{ left: `${from}%`, width: `${to - from}%`, ["--color" as string]: color }} />
        <span className="span-duration" style={{ left: `${to}%` }}>
          {span?.pending === "never_ended" ? "?" : duration_text(end_ns - start_ns)}
        </span>
      </div>
    </div>
  );
});

type AxisProps = { tree: TraceTree; scale: TimeScale; row_count: number; found_count: number | null };

function TimeAxis({ tree, scale, row_count, found_count }: AxisProps) {
  return (
    <div className="time-axis">
      <span role="status">
        {found_count === null ? `${row_count} rows` : `${found_count} found`}
        {scale.compressed_ns > 0 && `, ${duration_text(scale.compressed_ns)} of idle time drawn short`}
      </span>
      <span className="ticks" aria-hidden="true">
        {TICKS.map((share) => (
          <span key={share}>{scale.compressed_ns > 0 ? "" : duration_text(share * tree.duration_ns)}</span>
        ))}
      </span>
    </div>
  );
}

/** Services have their colours in the order in which they first appear. */
function service_colors({ by_id }: TraceTree): (node: TraceNode) => string {
  const numbers = new Map<string, number>();
  for (const { span } of by_id.values()) {
    if (span !== null && !numbers.has(span.service_name)) numbers.set(span.service_name, numbers.size);
  }
  return ({ span }) =>
    span === null ? "var(--faint)" : `var(--bar-${((numbers.get(span.service_name) ?? 0) % COLORS) + 1})`;
}

function found_ids({ by_id }: TraceTree, find: string): ReadonlySet<string> {
  const wanted = find.trim().toLowerCase();
  if (wanted === "") return new Set();
  const has = ({ id, span }: TraceNode) =>
    id.includes(wanted) ||
    (span !== null &&
      [span.name, span.status_message, span.service_name, stringify_exactly(span.attributes_json)].some((text) =>
        text.toLowerCase().includes(wanted),
      ));
  return new Set([...by_id.values()].filter(has).map(({ id }) => id));
}
