import { useQuery } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import type { RootFigures } from "../api/client.ts";
import { services_question } from "../api/questions.ts";
import { ago_text, count_text, duration_text, share_text } from "../lib/format.ts";
import { quoted } from "../lib/filter-text.ts";
import { range_of, time_search } from "../lib/time-range.ts";
import { Failure } from "../parts/failure.tsx";
import { FirstSteps } from "../parts/first-steps.tsx";
import { Sparkline } from "../parts/sparkline.tsx";

/** Each service: how much it does, how often it fails, how long it takes. */
export function ServicesView() {
  const search = time_search(useSearch({ strict: false }));
  const { data, error } = useQuery(services_question(range_of(search)));
  if (error !== null)
    return (
      <main className="main">
        <Failure error={error} />
      </main>
    );
  if (data === undefined) return <main className="main" aria-busy="true" />;
  if (data.services.length === 0) return <FirstSteps />;
  const { since, until } = data;
  return (
    <main className="main">
      <h1>Services</h1>
      <table className="list">
        <thead>
          <tr>
            <th scope="col">Service</th>
            <th scope="col" colSpan={2}>
              Root spans
            </th>
            <th scope="col" colSpan={2}>
              Errors
            </th>
            <th scope="col" colSpan={2}>
              p50
            </th>
            <th scope="col" colSpan={2}>
              p95
            </th>
            <th scope="col" className="number">
              Spans stored
            </th>
            <th scope="col">Last seen</th>
          </tr>
        </thead>
        <tbody>
          {data.services.map(({ service_name, total, parts, span_count, last_seen }) => (
            <tr key={service_name}>
              <th scope="row">
                <Link to="/traces" search={{ ...search, filter: `root and service = ${quoted(service_name)}` }}>
                  {service_name}
                </Link>
              </th>
              <Figure
                text={rate_text(total.roots, since, until)}
                values={parts.map(({ roots }) => roots)}
                what="Root spans over time"
              />
              <Figure
                text={share_text(total.errors, total.roots)}
                values={parts.map(({ errors, roots }) => (roots === 0 ? null : errors / roots))}
                what="Share of errors over time"
                is_error={total.errors > 0}
              />
              <Duration figures={total} parts={parts} of="p50_duration_ns" />
              <Duration figures={total} parts={parts} of="p95_duration_ns" />
              <td className="number">{count_text(span_count)}</td>
              <td>{last_seen === null ? "–" : <time dateTime={last_seen}>{ago_text(last_seen, Date.now())}</time>}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </main>
  );
}

type FigureProps = { text: string; values: (number | null)[]; what: string; is_error?: boolean };

function Figure({ text, values, what, is_error = false }: FigureProps) {
  return (
    <>
      <td className="number">{is_error ? <span className="badge is-error">{text}</span> : text}</td>
      <td>
        <Sparkline values={values} label={what} />
      </td>
    </>
  );
}

type DurationProps = { figures: RootFigures; parts: RootFigures[]; of: "p50_duration_ns" | "p95_duration_ns" };

function Duration({ figures, parts, of }: DurationProps) {
  const ns = figures[of];
  const what = of === "p50_duration_ns" ? "Median duration over time" : "95th percentile of durations over time";
  return <Figure text={ns === null ? "–" : duration_text(ns)} values={parts.map((part) => part[of])} what={what} />;
}

const PER = [
  [1, "s"],
  [60, "min"],
  [3_600, "h"],
  [86_400, "d"],
] as const;

/** In the unit in which there is at least one. */
function rate_text(count: number, since: string, until: string): string {
  const seconds = Math.max(1, (Date.parse(until) - Date.parse(since)) / 1000);
  const [size, unit] = PER.find(([size]) => (count / seconds) * size >= 1) ?? PER[3];
  return `${Number(((count / seconds) * size).toPrecision(3))}/${unit}`;
}
