import { describe, expect, it } from "bun:test";
import { hash_trace_id } from "../../src/store/duckdb/keys/key-hash.ts";
import { RowIndex, RowIndexBuilder } from "../../src/store/duckdb/segments/row-index.ts";

const trace_id = (number: number): string => number.toString(16).padStart(32, "0");
const hash = (number: number) => hash_trace_id(trace_id(number));

/** Three listed rows, of two services, then rows of traces 1, 2 and 3. */
function index_bytes(): Uint8Array {
  const builder = new RowIndexBuilder();
  builder.add_listed(hash(2), "a");
  builder.add_listed(hash(1), "a");
  builder.add_listed(hash(2), "größe 日本");
  for (const trace of [1, 1, 2, 3, 3, 3]) builder.add(hash(trace));
  return builder.index.bytes;
}

describe("a segment's row index", () => {
  it("has the rows of traces, listed or not, and those of a service's lists", () => {
    const index = RowIndex.read(index_bytes());
    expect([1, 2, 3, 4].map((trace) => index.trace_rows(hash(trace)))).toEqual([[1, 3, 4], [0, 2, 5], [6, 7, 8], []]);
    expect(["a", "größe 日本", "none"].map((service) => index.service_rows(service))).toEqual([
      { first: 0, end: 2 },
      { first: 2, end: 3 },
      { first: 0, end: 0 },
    ]);
  });

  it("may have no listed rows, or none but those", () => {
    const [listed, others] = [new RowIndexBuilder(), new RowIndexBuilder()];
    listed.add_listed(hash(1), "a");
    others.add(hash(1));
    for (const { index } of [listed, others]) {
      expect(RowIndex.read(index.bytes).trace_rows(hash(1))).toEqual([0]);
    }
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["other bytes", Buffer.alloc(100, "x")],
    ["a part of one", index_bytes().slice(0, -1)],
  ])("is refused when the file has %s", (_what, bytes) => {
    expect(() => RowIndex.read(bytes)).toThrow("row index");
  });
});
