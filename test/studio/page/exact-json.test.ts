import { describe, expect, it } from "bun:test";
import { parse_exactly, stringify_exactly } from "../../../src/studio/page/model/exact-json.ts";

describe("an answer", () => {
  it("keeps every digit of integers that a number does not hold, and of nothing else", () => {
    const text =
      '{"id": 9007199254740993, "safe": 9007199254740991, "list": [-12345678901234567890,1], "time":1764000000000000001}';
    expect(parse_exactly(text)).toEqual({
      id: 9007199254740993n,
      safe: 9007199254740991,
      list: [-12345678901234567890n, 1],
      time: 1764000000000000001n,
    });
    expect(parse_exactly("12345678901234567890")).toBe(12345678901234567890n);
    const no_integers = "[1e300, 0.12345678901234567, 12345678901234567.5]";
    expect(parse_exactly(no_integers)).toEqual(JSON.parse(no_integers));
    expect(parse_exactly('{"text":"9007199254740993, and :9007199254740993,"}')).toEqual({
      text: "9007199254740993, and :9007199254740993,",
    });
  });

  it("is written again as it was read", () => {
    const text = '{"id":9007199254740993,"list":[-12345678901234567890],"text":"9007199254740993"}';
    expect(stringify_exactly(parse_exactly(text))).toBe(text);
    expect(stringify_exactly([9007199254740993n], 2)).toBe("[\n  9007199254740993\n]");
  });

  it("that is no JSON is refused", () => {
    expect(() => parse_exactly('{"id": 9007199254740993')).toThrow(SyntaxError);
    expect(() => parse_exactly("")).toThrow(SyntaxError);
  });
});
