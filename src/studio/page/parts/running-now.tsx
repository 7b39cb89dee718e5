import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { pending_question } from "../api/questions.ts";
import { ago_text, count_text } from "../lib/format.ts";
import { time_search } from "../lib/time-range.ts";
import { outermost, type PendingRow } from "../model/started.ts";

const SHOWN_MAX = 5;

/** Traces that have not ended, newest first. Nothing, if there are none. */
export function RunningNow() {
  const pending = outermost(useQuery(pending_question()).data ?? []);
  const search = time_search(useSearch({ strict: false }));
  if (pending.length === 0) return null;
  const shown = pending.slice(0, SHOWN_MAX);
  return (
    <section className="running" aria-label="Not ended">
      <ul>
        {shown.map(({ state, span: { trace_id, span_id, name, service_name, start_time } }) => (
          <li key={span_id}>
            <PendingBadge state={state} />
            <Link to="/traces/$trace_id" params={{ trace_id }} search={{ ...search, span: span_id }}>
              {name}
            </Link>
            <span className="faint">
              {service_name}, started {ago_text(start_time, Date.now())}
            </span>
          </li>
        ))}
        {pending.length > shown.length && (
          <li className="faint">and {count_text(pending.length - shown.length)} more</li>
        )}
      </ul>
    </section>
  );
}

export const PendingBadge = ({ state }: { state: PendingRow["state"] }) =>
  state === "running" ? (
    <span className="badge is-running">running</span>
  ) : (
    <span className="badge is-warning">never ended</span>
  );
