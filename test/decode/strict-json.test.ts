import { describe, expect, it } from "bun:test";
import fc from "fast-check";
import { is_strict_json } from "../../src/decode/strict-json.ts";

/** Without halves of characters, which JSON.stringify escapes. */
function parses(text: string): boolean {
  try {
    return !/\\ud[89a-f]/.test(JSON.stringify(JSON.parse(text)).replaceAll("\\\\", ""));
  } catch {
    return false;
  }
}
const is_strict = (text: string): boolean => {
  const padded = new TextEncoder().encode(`x${text}x`);
  return is_strict_json(padded, 1, padded.length - 1);
};

describe("is_strict_json", () => {
  it("agrees with JSON.parse on JSON", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom("", " ", "\n\t\r "), (json, space) => {
        expect(is_strict(space + json + space)).toBe(true);
      }),
    );
  });

  it("agrees with JSON.parse on what is nearly JSON", () => {
    const piece = fc.constantFrom(
      ...'{}[],:" \\0123456789-+.eEtruefalsn/u',
      "true",
      "null",
      '"a"',
      "\\u00",
      "1e5",
      "\u0001",
      "é",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        expect(is_strict(text)).toBe(parses(text));
      }),
      { numRuns: 20_000 },
    );
  });

  it("agrees with JSON.parse on JSON with a character changed", () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), fc.constantFrom(...'{}[],:"0a \\-.'), (json, at, character) => {
        const text = json.slice(0, at % json.length) + character + json.slice((at % json.length) + 1);
        expect(is_strict(text)).toBe(parses(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it("refuses halves of characters, with which DuckDB refuses the file that they are in", () => {
    const unit = fc.constantFrom("\\ud83d", "\\uDE00", "\\\\", "\\u00e9", "d", '\\"', "\\uD83D\\ude00");
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 8 }), (units) => {
        const text = `["${units.join("")}"]`;
        expect(is_strict(text)).toBe(parses(text));
      }),
      { numRuns: 5_000 },
    );
  });

  it("refuses what is nested deeper than parsers like", () => {
    expect(is_strict("[".repeat(512) + "]".repeat(512))).toBe(true);
    expect(is_strict("[".repeat(513) + "]".repeat(513))).toBe(false);
  });
});
