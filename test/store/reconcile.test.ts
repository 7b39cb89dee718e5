import { describe, expect, it } from "bun:test";
import { furthest_positions, reconcile, type SegmentOnDisk } from "../../src/store/duckdb/segments/reconcile.ts";

type Given = { at?: number; replaces?: string[]; is_obsolete?: boolean };

const key = (at: number): string => Buffer.alloc(16, at).toString("hex");
const segment = (id: string, { at, replaces = [], is_obsolete = false }: Given = {}): SegmentOnDisk => ({
  id,
  is_obsolete,
  manifest: { positions: at === undefined ? [] : [{ source: "queue", last_key: key(at) }], replaces },
});

/** With a catalog that is at position 5. */
function judge(found: SegmentOnDisk[], known: string[], present: string[] = []): Record<string, string[]> {
  const judged = reconcile(found, new Set(known), new Map([["queue", Buffer.alloc(16, 5)]]), present);
  return Object.fromEntries(Object.entries(judged).map(([what, segments]) => [what, segments.map(({ id }) => id)]));
}
const NONE = { known: [], adopted: [], leftovers: [], unexplained: [] };

describe("segments on disk and in the catalog", () => {
  it("agree when nothing has happened", () => {
    expect(judge([segment("a", { at: 4 }), segment("b", { at: 5 })], ["a", "b"])).toEqual({
      ...NONE,
      known: ["a", "b"],
    });
  });

  it("that go on behind the catalog's position are taken in", () => {
    expect(judge([segment("a", { at: 5 }), segment("b", { at: 6 })], ["a"])).toEqual({
      ...NONE,
      known: ["a"],
      adopted: ["b"],
    });
  });

  it("that a merge was made of go when the catalog knows the merge", () => {
    const found = [segment("a", { at: 4 }), segment("b", { at: 5 }), segment("ab", { at: 5, replaces: ["a", "b"] })];
    expect(judge(found, ["ab"])).toEqual({ ...NONE, known: ["ab"], leftovers: ["a", "b"] });
  });

  it("stay when the catalog does not know of their merge yet", () => {
    const found = [segment("a", { at: 4 }), segment("b", { at: 6 }), segment("ab", { at: 6, replaces: ["a", "b"] })];
    expect(judge(found, ["a"])).toEqual({ ...NONE, known: ["a"], adopted: ["b"], leftovers: ["ab"] });
  });

  it("that are all unknown count once: what is left of a merge's inputs goes", () => {
    const found = [segment("b", { at: 6 }), segment("ab", { at: 6, replaces: ["a", "b"] }), segment("c", { at: 7 })];
    expect(judge(found, [])).toEqual({ ...NONE, adopted: ["ab", "c"], leftovers: ["b"] });
  });

  it("are looked into when nothing says why the catalog lacks them", () => {
    expect(judge([segment("a", { at: 5 }), segment("b", { at: 3 })], ["a"])).toEqual({
      ...NONE,
      known: ["a"],
      unexplained: ["b"],
    });
  });

  it("count when what they are made of is known and gone", () => {
    expect(judge([segment("ab", { at: 6, replaces: ["a", "b"] })], ["a"])).toEqual({ ...NONE, adopted: ["ab"] });
  });

  it("go when they say that they were to", () => {
    expect(judge([segment("a", { at: 9, is_obsolete: true })], [])).toEqual({ ...NONE, leftovers: ["a"] });
  });

  it("that were being made of tables go while those are there", () => {
    const made = segment("made", { replaces: ["tables"] });
    expect(judge([made], [], ["tables"])).toEqual({ ...NONE, leftovers: ["made"] });
    expect(judge([made], [])).toEqual({ ...NONE, unexplained: ["made"] });
  });
});

describe("furthest positions", () => {
  it("are the newest of each source, and never go back", () => {
    const from = new Map([["queue", Buffer.alloc(16, 5)]]);
    const moved = furthest_positions([segment("a", { at: 3 }), segment("b", { at: 7 }), segment("c", { at: 6 })], from);
    expect(moved).toEqual(new Map([["queue", Buffer.alloc(16, 7)]]));
    expect(furthest_positions([segment("a", { at: 3 })], from)).toEqual(from);
  });
});
