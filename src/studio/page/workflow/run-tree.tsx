import { useEffect, useMemo } from "react";
import { duration_text } from "../lib/format.ts";
import { PendingBadge } from "../parts/running-now.tsx";
import { FoldButton } from "../trace/fold-button.tsx";
import type { TraceNode, TraceTree } from "../trace/tree.ts";
import { indent_of, item_props, useSpanTree } from "../trace/use-span-tree.ts";
import { node_labels } from "./selection.ts";
import type { NodeExecution, WorkflowRun } from "./types.ts";

const ROW_HEIGHT = 26;

type Props = {
  run: WorkflowRun;
  roots: TraceTree["roots"];
  chosen_id: string | null;
  on_span: (span_id: string) => void;
};

/** The spans of a run, those below each other indented. */
export function RunTree({ run, roots, chosen_id, on_span }: Props) {
  const { chosen_at, in_sight, virtual, fold, tree_props } = useSpanTree({
    roots,
    row_height: ROW_HEIGHT,
    chosen_id,
    on_chosen: on_span,
  });
  const labels = useMemo(() => node_labels(run, roots), [run, roots]);
  const executions = useMemo(() => new Map(run.executions.map((one) => [one.span_id, one])), [run]);
  useEffect(() => {
    if (chosen_at >= 0) virtual.scrollToIndex(chosen_at, { align: "auto" });
    // What is in sight stays when rows are folded.
    // oxlint-disable-next-line exhaustive-deps
  }, [chosen_id]);
  return (
    <div {...tree_props} className="run-tree" aria-label={`Spans of ${run.name}`}>
      <div className="sizer" role="presentation" style={{ height: virtual.getTotalSize() }}>
        {in_sight.map((shown) => {
          const { row } = shown;
          const { id } = row.node;
          return (
            <div key={shown.slot} {...item_props(shown)} className={row_class(row.node)} onClick={() => on_span(id)}>
              <div className="span-label" style={{ paddingLeft: indent_of(row) }}>
                <FoldButton row={row} on_fold={() => fold(id, !row.is_folded)} />
                <SpanName node={row.node} label={labels.get(id)} execution={executions.get(id)} />
              </div>
              <span className="number faint">
                {row.node.span?.pending === undefined && duration_text(row.node.end_ns - row.node.start_ns)}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

type NameProps = { node: TraceNode; label: string | undefined; execution: NodeExecution | undefined };

function SpanName({ node: { id, span }, label, execution }: NameProps) {
  return (
    <>
      <span className="span-name">{span?.name ?? `span ${id} has not arrived`}</span>
      {execution && execution.label !== span?.name && <span className="faint">{execution.label}</span>}
      {!execution && label !== undefined && <span className="faint">in {label}</span>}
      {execution && execution.nth > 1 && <span className="badge">execution {execution.nth}</span>}
      {span?.is_llm && <span className="badge is-llm">LLM</span>}
      {span?.junjo_span_type && <span className="badge">{span.junjo_span_type}</span>}
      {span?.status_code === "2" && <span className="badge is-error">error</span>}
      {span?.pending && <PendingBadge state={span.pending} />}
    </>
  );
}

const row_class = ({ span }: TraceNode): string =>
  ["span-row", span?.status_code === "2" && "is-error", span === null && "is-placeholder"].filter(Boolean).join(" ");
