import { describe, expect, it } from "bun:test";
import { hash_span, hash_trace, hash_trace_id, new_key_hash } from "../../src/store/duckdb/keys/key-hash.ts";
import { filter_bytes, SegmentFilter, SegmentKeys } from "../../src/store/duckdb/keys/key-index.ts";
import { KeySet } from "../../src/store/duckdb/keys/key-set.ts";

/** Ids that differ in few bits, as counted ones do. */
const trace_id = (number: number): string => number.toString(16).padStart(32, "0");

function keys_of(from: number, to: number, spans_per_trace = 3): SegmentKeys {
  const keys = new SegmentKeys();
  for (let trace = from; trace < to; trace++) {
    keys.traces.add(hash_trace_id(trace_id(trace)));
    if (trace % 10 === 0) keys.llm_traces.add(hash_trace_id(trace_id(trace)));
    for (let span = 0; span < spans_per_trace; span++) keys.spans.add(span_hash(trace, span));
  }
  return keys;
}

const span_hash = (trace: number, span: number) =>
  hash_span(Buffer.from(trace_id(trace) + span.toString(16).padStart(16, "0")), 0, 32, new_key_hash());

const share = (count: number, holds: (number: number) => boolean): number =>
  Array.from({ length: count }, (_, number) => number).filter(holds).length / count;

describe("hashes of keys", () => {
  it("are those that earlier releases have written into files", () => {
    expect(hash_trace_id("4bf92f3577b34da6a3ce929d0e0e4736")).toEqual({ first: 3149561898, second: 2185304807 });
    const key = Buffer.from("4bf92f3577b34da6a3ce929d0e0e473600f067aa0ba902b7");
    expect(hash_span(key, 0, 32, new_key_hash())).toEqual({ first: 12279239, second: 412215220 });
    expect(hash_trace(key, 0, new_key_hash())).toEqual(hash_trace_id("4bf92f3577b34da6a3ce929d0e0e4736"));
  });

  it("differ for ids that are counted", () => {
    const hashes = Array.from({ length: 50_000 }, (_, number) => hash_trace_id(trace_id(number)));
    expect(new Set(hashes.map(({ first, second }) => `${first} ${second}`)).size).toBe(50_000);
    // Each half alone is as good as random: 50,000 of 2^32 meet 0.3 times.
    for (const half of ["first", "second"] as const) {
      expect(new Set(hashes.map((hash) => hash[half])).size).toBeGreaterThan(49_990);
    }
  });
});

describe("a set of hashes", () => {
  it("numbers them in the order of their arrival, and knows them again", () => {
    const set = new KeySet();
    const numbers = Array.from({ length: 10_000 }, (_, number) => set.add(hash_trace_id(trace_id(number))));
    expect(numbers).toEqual(Array.from({ length: 10_000 }, (_, number) => number));
    expect(set.add(hash_trace_id(trace_id(1234)))).toBe(1234);
    expect(set.find(hash_trace_id(trace_id(9_999)))).toBe(9_999);
    expect(set.find(hash_trace_id(trace_id(10_000)))).toBe(-1);
    expect(set.size).toBe(10_000);
  });
});

describe("a segment's filter", () => {
  it.each([0, 1, 3, 40, 5_000])("of %i traces denies none that it holds, and nearly all others", (count) => {
    const filter = new SegmentFilter(filter_bytes(keys_of(0, count)));
    for (let trace = 0; trace < count; trace++) {
      expect(filter.may_hold_trace(hash_trace_id(trace_id(trace)))).toBe(true);
      expect(filter.has_llm_trace(hash_trace_id(trace_id(trace)))).toBe(trace % 10 === 0);
      expect(filter.may_hold_span(span_hash(trace, 2))).toBe(true);
    }
    const other = (number: number) => 1_000_000 + number;
    expect(share(20_000, (number) => filter.may_hold_trace(hash_trace_id(trace_id(other(number)))))).toBeLessThan(
      0.001,
    );
    expect(share(20_000, (number) => filter.may_hold_span(span_hash(other(number), 0)))).toBeLessThan(0.01);
    expect(share(20_000, (number) => filter.has_llm_trace(hash_trace_id(trace_id(other(number)))))).toBe(0);
  });

  it.each([
    ["nothing", new Uint8Array(0)],
    ["other bytes", Buffer.alloc(100, "x")],
    ["a part of one", filter_bytes(keys_of(0, 10)).slice(0, -1)],
  ])("is refused when the file has %s", (_what, bytes) => {
    expect(() => new SegmentFilter(bytes)).toThrow("segment filter");
  });
});
