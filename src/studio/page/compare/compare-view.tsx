import { duration_text } from "../lib/format.ts";
import { Value } from "../parts/value.tsx";
import type { ComparedNode, Difference, Figures, RunComparison } from "./types.ts";

/** Two runs beside each other: where they differ first, all differences, and what each node took. */
export function CompareView({ comparison }: { comparison: RunComparison }) {
  const [first, ...others] = comparison.differences;
  return (
    <section className="compare" aria-label="Comparison">
      <h2>First difference</h2>
      {first ? <DifferenceView difference={first} /> : <p>The runs did the same.</p>}
      {others.length > 0 && <h2>After it</h2>}
      {others.map((difference, index) => (
        <DifferenceView key={index} difference={difference} />
      ))}
      <h2>What it took</h2>
      <table className="list">
        <thead>
          <tr>
            {["Node", "Time", "Tokens", "Cost"].map((title) => (
              <th key={title}>{title}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...comparison.nodes, { label: "In all", ...comparison.totals }].map((node, index) => (
            <NodeRow key={index} node={node} />
          ))}
        </tbody>
      </table>
    </section>
  );
}

function DifferenceView({ difference: { kind, place, detail, before, after } }: { difference: Difference }) {
  return (
    <details>
      <summary>
        <span className="badge">{kind.replace("_", " ")}</span> {place}: {detail}
      </summary>
      <div className="compare-values">
        <Value value={before} name="what was before" />
        <Value value={after} name="what is after" />
      </div>
    </details>
  );
}

/** A sum to which calls are missing must not look like a whole one. */
const sum_text = (sum: number | null, missing_count: number): string => {
  if (sum === null) return "unknown";
  const text = Number(sum.toPrecision(6)).toLocaleString(undefined, { maximumFractionDigits: 6 });
  return missing_count > 0 ? `${text} or more` : text;
};

function NodeRow({ node: { label, before, after } }: { node: ComparedNode }) {
  const both = (text: (figures: Figures) => string) =>
    [before, after].map((figures) => (figures ? text(figures) : "not run")).join(" → ");
  return (
    <tr>
      <td>{label}</td>
      <td>{both(({ duration_ns }) => (duration_ns === null ? "not ended" : duration_text(duration_ns)))}</td>
      <td>{both(({ llm }) => (llm.call_count === 0 ? "–" : sum_text(llm.tokens.total, llm.calls_without_tokens)))}</td>
      <td>{both(({ llm }) => (llm.call_count === 0 ? "–" : sum_text(llm.cost, llm.calls_without_cost)))}</td>
    </tr>
  );
}
