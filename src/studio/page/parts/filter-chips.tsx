import { both } from "../lib/filter-text.ts";

const CHIPS = [
  ["Errors", "status = error"],
  ["LLM calls", "llm"],
  ["Workflows", "workflow"],
  ["Roots", "root"],
  ["Over 1 s", "duration > 1s"],
] as const;

type Props = { filter: string; on_filter: (filter: string) => void };

/** What is asked for most, one click each: put into the filter, or taken out again. */
export function FilterChips({ filter, on_filter }: Props) {
  const terms = filter.split(/\s+and\s+/);
  const toggle = (term: string) => {
    if (terms.includes(term)) on_filter(terms.filter((other) => other !== term).join(" and "));
    else on_filter(both(filter, term));
  };
  return (
    <div className="row" role="group" aria-label="Frequent filters">
      {CHIPS.map(([name, term]) => (
        <button key={term} type="button" aria-pressed={terms.includes(term)} onClick={() => toggle(term)}>
          {name}
        </button>
      ))}
    </div>
  );
}
