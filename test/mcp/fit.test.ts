import { describe, expect, it } from "bun:test";
import { parse } from "lossless-json";
import { fit } from "../../src/mcp/fit.ts";

describe("fit", () => {
  it("leaves what is short as it is, with every digit", () => {
    const json = '{"a":[1.0,9007199254740993,null,true],"b":{"c":"d"}}';
    expect(fit(parse(json), 1_000)).toBe(json);
  });

  it("cuts long texts and says by how much", () => {
    const shown = JSON.parse(fit({ long: "x".repeat(50_000), short: "y" }, 5_000)) as { long: string; short: string };
    expect(shown).toEqual({ long: `${"x".repeat(4_000)}… [46000 more characters]`, short: "y" });
  });

  it("cuts long arrays and objects and says by how much", () => {
    const array = Array.from({ length: 3_000 }, (_, i) => i);
    expect(fit(array, 3_000)).toEndWith(',499,"… [2500 more items]"]');
    const object = Object.fromEntries(array.map((i) => [`key ${i}`, i]));
    expect(fit(object, 5_000)).toEndWith('"…":"[2800 more members]"}');
  });

  it.each([100, 1_000, 10_000])("is JSON of about %d characters whatever it is given", (characters_max) => {
    const deep = Array.from({ length: 20 }, () => ({ texts: Array(50).fill('"quoted" text '.repeat(40)) }));
    for (const value of [deep, { deep }, "\n".repeat(100_000), [[[[deep, deep]]]]]) {
      const json = fit(value, characters_max);
      expect(() => JSON.parse(json) as unknown).not.toThrow();
      // Quotes in a text that was cut are escaped once more.
      expect(json.length).toBeLessThan(characters_max * 2.5 + 50);
    }
  });
});
