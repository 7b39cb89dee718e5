import { describe, expect, it } from "bun:test";
import { FilterError, parse_filter } from "../../src/filter/index.ts";

const intrinsic = (name: string) => ({ level: "intrinsic", name });
const compare = (field: object, comparison: string, value: unknown) => ({ op: "compare", field, comparison, value });

describe("a filter", () => {
  it.each([
    ["", null],
    ["  ", null],
    ["service = checkout", compare(intrinsic("service"), "=", "checkout")],
    ['Service != "check out"', compare(intrinsic("service"), "!=", "check out")],
    ["status=ERROR", compare(intrinsic("status"), "=", "error")],
    ["duration>=1.5s", compare(intrinsic("duration"), ">=", 1.5e9)],
    ["duration < 250us", compare(intrinsic("duration"), "<", 250e3)],
    ["llm", compare(intrinsic("llm"), "=", true)],
    ["root = false", compare(intrinsic("root"), "=", false)],
    ['name =~ "^GET "', compare(intrinsic("name"), "=~", "^GET ")],
    ['"timed out"', { op: "contains", text: "timed out" }],
    ["span.http.route = /users/:id", compare({ level: "span", key: "http.route" }, "=", "/users/:id")],
    ["resource.host.name exists", { op: "exists", field: { level: "resource", key: "host.name" } }],
    ['span."a \\"key\\"" = 1', compare({ level: "span", key: 'a "key"' }, "=", 1)],
    [".retries > 3", compare({ level: "any", key: "retries" }, ">", 3)],
    ["http.status_code = 500", compare({ level: "any", key: "http.status_code" }, "=", 500)],
    ['http.status_code = "500"', compare({ level: "any", key: "http.status_code" }, "=", "500")],
    [".id = 9007199254740993", compare({ level: "any", key: "id" }, "=", "9007199254740993")],
    [".done = true", compare({ level: "any", key: "done" }, "=", true)],
    ["not llm", { op: "not", filter: compare(intrinsic("llm"), "=", true) }],
  ])("%s", (text, wanted) => {
    expect(parse_filter(text)).toEqual(wanted as never);
  });

  it("binds not before and, and and before or, and takes terms side by side for and", () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => compare(intrinsic("name"), "=", name));
    expect(parse_filter("name=a or name=b and not name=c")).toEqual({
      op: "or",
      filters: [a, { op: "and", filters: [b, { op: "not", filter: c }] }],
    } as never);
    expect(parse_filter("(name=a or name=b) name=c")).toEqual({
      op: "and",
      filters: [{ op: "or", filters: [a, b] }, c],
    } as never);
    expect(parse_filter("name=a AND name=b")).toEqual(parse_filter("name=a name=b"));
  });
});

describe("what is no filter", () => {
  it.each([
    ["servce = x", 0, 6, "service", "there is no field servce"],
    ["foo = x", 0, 3, "span.foo", "there is no field foo"],
    ["status = eror", 9, 13, "error", "expected one of unset, ok, error"],
    ["kind = bananas", 7, 14, null, "expected one of"],
    ["duration > 5", 11, 12, null, "expected a duration such as 250ms"],
    ["duration =~ x", 12, 13, null, "duration compares by = != < <= > >=, not by =~"],
    ["llm = maybe", 6, 11, null, "expected true or false"],
    ["name =", 6, 6, null, "expected a value"],
    ["name", 4, 4, null, "expected a comparison behind name"],
    ["span.x", 6, 6, null, 'expected a comparison or "exists" behind span.x'],
    ["span. = 1", 0, 5, null, "expected an attribute's key"],
    ["(llm", 4, 4, null, "expected a closing bracket"],
    ["llm)", 3, 4, null, "found ) where"],
    ["llm or", 6, 6, null, "expected a condition"],
    ["= 3", 0, 1, null, "found = where a condition was expected"],
    ['name = "open', 7, 12, null, "a quote that is not closed"],
    ["name ~ x", 5, 8, null, '"~", which means nothing here'],
    ['name = "\\q"', 7, 11, null, "is not a string as JSON has it"],
  ])("%s is said to be wrong, and where", (text, at, end, suggestion, what) => {
    const error = (() => {
      try {
        parse_filter(text);
        return null;
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(FilterError);
    expect(error).toMatchObject({ at, end, suggestion, message: expect.stringContaining(what) });
  });

  it("goes no deeper than a stack does", () => {
    expect(() => parse_filter("(".repeat(100_000))).toThrow(FilterError);
    expect(() => parse_filter("not ".repeat(100_000))).toThrow(FilterError);
  });
});
