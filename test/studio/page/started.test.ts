import { describe, expect, it } from "bun:test";
import { has_ended, type SpanRow } from "../../../src/studio/page/model/span-row.ts";
import { outermost, type PendingRow, with_pending } from "../../../src/studio/page/model/started.ts";

const NOW_MS = Date.parse("2026-11-26T12:00:00.000Z");

const ended = (span_id: string, end_time: string): SpanRow =>
  ({
    span_id,
    start_time: "2026-11-26T11:00:00.000000+00:00",
    end_time,
    start_time_nanosecond: 0,
    end_time_nanosecond: 0,
  }) as SpanRow;

const pending = (span_id: string, state: PendingRow["state"], more: Partial<SpanRow> = {}): PendingRow => ({
  state,
  span: {
    ...ended(span_id, ""),
    trace_id: "t",
    parent_span_id: null,
    ...more,
  },
});

describe("a trace with spans that have not ended", () => {
  it("has those that run until now, and those that never ended until the last end that is known", () => {
    const spans = with_pending(
      [ended("a", "2026-11-26T11:30:00.123456+00:00")],
      [pending("b", "running"), pending("c", "never_ended")],
      NOW_MS,
    );
    expect(spans.map(({ span_id, end_time, pending: state }) => [span_id, end_time, state])).toEqual([
      ["a", "2026-11-26T11:30:00.123456+00:00", undefined],
      ["b", "2026-11-26T12:00:00.000000+00:00", "running"],
      ["c", "2026-11-26T11:30:00.123456+00:00", "never_ended"],
    ]);
    expect(spans.map(has_ended)).toEqual([true, false, false]);
  });

  it("has a span once that ended between the two questions", () => {
    const spans = with_pending([ended("a", "2026-11-26T11:30:00.000000+00:00")], [pending("a", "running")], NOW_MS);
    expect(spans.map(has_ended)).toEqual([true]);
  });
});

describe("what runs", () => {
  it("is one span of each trace: the outermost, and of several the first", () => {
    const later = "2026-11-26T11:30:00.000000+00:00";
    const rows = [
      pending("child", "running", { parent_span_id: "root", start_time: later }),
      pending("root", "running"),
      pending("orphan", "running", { parent_span_id: "not here", start_time: later }),
      pending("other", "never_ended", { trace_id: "u", parent_span_id: "ended" }),
    ];
    expect(outermost(rows).map(({ span }) => span.span_id)).toEqual(["root", "other"]);
  });
});
