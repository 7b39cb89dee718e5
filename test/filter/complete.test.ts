import { describe, expect, it } from "bun:test";
import { complete_filter } from "../../src/filter/index.ts";

const KEYS = ["span.http.route", "span.http.method", "resource.host.name"];
const at_end = (text: string) => complete_filter(text, text.length, KEYS);
const texts = (text: string) => at_end(text).options.map((option) => option.text);

describe("a filter that is being typed", () => {
  it("goes on with fields and attributes, those first that begin so", () => {
    expect(texts("")).toEqual(expect.arrayContaining(["service", "duration", "not", ...KEYS]));
    expect(texts("llm and s").slice(0, 2)).toEqual(["service", "status"]);
    expect(texts("http")).toEqual(["span.http.route", "span.http.method"]);
    expect(at_end("llm and du")).toMatchObject({ from: 8, to: 10 });
  });

  it("goes on with what joins terms", () => {
    expect(texts("llm ")).toEqual(["and", "or"]);
    expect(texts("(llm or root) a")).toEqual(["and"]);
  });

  it("goes on with the comparisons that a field knows", () => {
    expect(texts("status ")).toEqual(["=", "!="]);
    expect(texts("span.http.route ")).toEqual(["=", "!=", "<", "<=", ">", ">=", "=~", "!~", "exists"]);
  });

  it("goes on with a field's words, and says whose values are wanted", () => {
    expect(texts("status = ")).toEqual(["unset", "ok", "error"]);
    expect(texts("status = e")).toEqual(["error", "unset"]);
    expect(at_end("span.http.route = /us")).toMatchObject({
      from: 18,
      options: [],
      values_of: { level: "span", key: "http.route" },
    });
  });

  it("goes on in the middle, and not behind what is wrong", () => {
    expect(complete_filter("stat = error", 4, KEYS).options.map(({ text }) => text)).toEqual(["status"]);
    expect(texts("nonsense = 1 and ")).toEqual([]);
  });
});
