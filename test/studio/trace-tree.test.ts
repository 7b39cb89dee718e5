import { describe, expect, it } from "bun:test";
import type { SpanRow } from "../../src/studio/page/api/span-row.ts";
import { critical_path } from "../../src/studio/page/trace/critical-path.ts";
import { compressed_scale, linear_scale } from "../../src/studio/page/trace/time-scale.ts";
import { is_infrastructure, trace_rows, trace_tree } from "../../src/studio/page/trace/tree.ts";

const SECOND_US = 1_000_000;

/** A span from and to these seconds after a moment. */
function span(id: string, parent: string | null, from: number, to: number, more: Partial<SpanRow> = {}): SpanRow {
  const time = (seconds: number) => {
    const us = Math.round(seconds * SECOND_US);
    const ms = new Date(1_795_456_800_000 + Math.floor(us / 1000)).toISOString().slice(0, -1);
    return `${ms}${String(us % 1000).padStart(3, "0")}+00:00`;
  };
  const row = {
    span_id: id,
    parent_span_id: parent,
    name: id,
    start_time: time(from),
    end_time: time(to),
    start_time_nanosecond: 0,
    end_time_nanosecond: 0,
    attributes_json: {},
    junjo_span_type: null,
    is_llm: false,
  };
  return { ...row, ...more } as SpanRow;
}

const ids = (rows: ReturnType<typeof trace_rows>) => rows.map(({ node, depth }) => `${"-".repeat(depth)}${node.id}`);
const NONE = new Set<string>();

describe("a trace's tree", () => {
  it("has spans below their parents, by start, to the nanosecond", () => {
    const tree = trace_tree([
      span("c", "a", 3, 4),
      span("b", "a", 1, 2.000001, { end_time_nanosecond: 7 }),
      span("a", null, 0.5, 10),
      span("d", "c", 3, 3.5),
    ]);
    expect(ids(trace_rows(tree, NONE))).toEqual(["a", "-b", "-c", "--d"]);
    expect(tree.duration_ns).toBe(9.5e9);
    expect(tree.by_id.get("b")).toMatchObject({ start_ns: 0.5e9, end_ns: 1.5e9 + 1_007 });
    expect(tree.missing_count).toBe(0);
  });

  it("keeps the place of a parent that has not arrived", () => {
    const tree = trace_tree([span("b", "gone", 2, 3), span("c", "gone", 1, 5)]);
    expect(ids(trace_rows(tree, NONE))).toEqual(["gone", "-c", "-b"]);
    expect(tree.by_id.get("gone")).toMatchObject({ span: null, start_ns: 0, end_ns: 4e9 });
    expect(tree.missing_count).toBe(1);
  });

  it("shows each span of a circle once", () => {
    const tree = trace_tree([span("a", "b", 0, 1), span("b", "a", 0, 1), span("c", "c", 0, 1)]);
    expect(
      ids(trace_rows(tree, NONE))
        .map((id) => id.replaceAll("-", ""))
        .sort(),
    ).toEqual(["a", "b", "c"]);
  });

  it("folds, and hides plumbing without what is below it", () => {
    const tree = trace_tree([
      span("root", null, 0, 9),
      span("http", "root", 1, 8, { attributes_json: { "http.route": "/" } }),
      span("node", "http", 2, 7, { junjo_span_type: "node" }),
      span("llm", "node", 3, 6, { is_llm: true, attributes_json: { "server.address": "x" } }),
    ]);
    expect(ids(trace_rows(tree, NONE, is_infrastructure))).toEqual(["root", "-node", "--llm"]);
    expect(ids(trace_rows(tree, new Set(["node"])))).toEqual(["root", "-http", "--node"]);
  });

  it("is drawn of 10,000 spans below each other", () => {
    const spans = Array.from({ length: 10_000 }, (_, i) => span(`s${i}`, i === 0 ? null : `s${i - 1}`, i / 1000, 20));
    const tree = trace_tree(spans);
    expect(trace_rows(tree, NONE)).toHaveLength(10_000);
    expect(critical_path(tree).size).toBe(10_000);
  });
});

it("the critical path has what was waited for, and not what ran beside it", () => {
  const tree = trace_tree([
    span("root", null, 0, 10),
    span("first", "root", 0, 4),
    span("beside", "root", 0, 3),
    span("last", "root", 4, 9),
    span("within", "last", 5, 8),
    span("left behind", "root", 5, 12),
  ]);
  expect([...critical_path(tree)].sort()).toEqual(["first", "last", "root", "within"]);
});

describe("a trace's time", () => {
  it("is drawn to scale", () => {
    const scale = linear_scale(trace_tree([span("a", null, 0, 10)]));
    expect([scale.at(0), scale.at(2.5e9), scale.at(10e9)]).toEqual([0, 0.25, 1]);
  });

  it("is drawn short where nothing ran for long, and all of it still in order", () => {
    const tree = trace_tree([span("root", null, 0, 100), span("a", "root", 0, 5), span("b", "root", 95, 100)]);
    const scale = compressed_scale(tree);
    expect(scale.compressed_ns).toBe(90e9);
    expect(scale.at(5e9)).toBeCloseTo(0.495, 3);
    expect(scale.at(95e9)).toBeCloseTo(0.505, 3);
    expect(scale.at(100e9)).toBeCloseTo(1, 6);
    expect(compressed_scale(trace_tree([span("a", null, 0, 10)])).compressed_ns).toBe(0);
  });
});
