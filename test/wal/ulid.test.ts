import { describe, expect, it } from "bun:test";
import { add_to_ulid, compare_ulids, ulid_distance, ulid_to_text } from "../../src/wal/index.ts";

const key = (hex: string) => Buffer.from(hex, "hex");

describe("a ulid", () => {
  it("counts on with carries", () => {
    expect(add_to_ulid(key("000000000000000000000000000000ff"), 1)).toEqual(
      new Uint8Array(key("00000000000000000000000000000100")),
    );
    expect(add_to_ulid(key("0000000000000000000000ffffffffff"), 2 ** 40)).toEqual(
      new Uint8Array(key("0000000000000000000001ffffffffff")),
    );
  });

  it("stops at the highest key", () => {
    const highest = key("f".repeat(32));
    expect(compare_ulids(add_to_ulid(highest, 1), highest)).toBe(0);
  });

  it("leaves the key that it counts from as it is", () => {
    const from = key("0".repeat(32));
    add_to_ulid(from, 300);
    expect(from).toEqual(key("0".repeat(32)));
  });

  it("tells how far two keys are apart, in both directions", () => {
    const from = key("0123456789abcdef0123456789abfffe");
    expect(ulid_distance(from, add_to_ulid(from, 70_000))).toBe(70_000);
    expect(ulid_distance(add_to_ulid(from, 3), from)).toBe(-3);
  });

  it("is written as the specification's text", () => {
    expect(ulid_to_text(key("0".repeat(32)))).toBe("0".repeat(26));
    expect(ulid_to_text(key("f".repeat(32)))).toBe("7ZZZZZZZZZZZZZZZZZZZZZZZZZ");
    expect(ulid_to_text(key("01563e3ab5d3d6764c61efb99302bd5b"))).toBe("01ARZ3NDEKTSV4RRFFQ69G5FAV");
  });
});
