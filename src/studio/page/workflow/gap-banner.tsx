import type { Gap } from "./types.ts";

const SHOWN_MAX = 3;

/** Says whether a run's record is whole, and of what is missing each thing. */
export function GapBanner({ gaps, on_span }: { gaps: readonly Gap[]; on_span?: (span_id: string) => void }) {
  if (gaps.length === 0) {
    return (
      <p className="whole" role="status">
        ✓ The record is complete: no span, event or change of state is known to be missing.
      </p>
    );
  }
  const shown = gaps.slice(0, SHOWN_MAX);
  const others = gaps.slice(SHOWN_MAX);
  return (
    <section className="notice gaps" aria-label="What is missing">
      <strong>What is shown here may not be all that happened.</strong>
      <GapList gaps={shown} on_span={on_span} />
      {others.length > 0 && (
        <details>
          <summary>{others.length} more</summary>
          <GapList gaps={others} on_span={on_span} />
        </details>
      )}
    </section>
  );
}

function GapList({ gaps, on_span }: { gaps: readonly Gap[]; on_span: ((span_id: string) => void) | undefined }) {
  return (
    <ul>
      {gaps.map(({ kind, span_id, detail }, index) => (
        <li key={index} data-kind={kind}>
          {detail}
          {span_id !== null && on_span && (
            <button type="button" onClick={() => on_span(span_id)}>
              Show the span
            </button>
          )}
        </li>
      ))}
    </ul>
  );
}
