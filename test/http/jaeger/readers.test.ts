import { expect, it } from "bun:test";
import { go_duration_ns, json_tags, whole_trace_id } from "../../../src/http/jaeger/readers.ts";

it.each([
  ["1.2s", 1.2e9],
  ["100ms", 1e8],
  ["1h30m", 5400e9],
  ["1m.5s", 60.5e9],
  ["10us", 1e4],
  ["10µs", 1e4],
  ["7ns", 7],
  ["0", 0],
  ["100", null],
  ["1.2", null],
  ["1s ", null],
  ["-1s", null],
  ["s", null],
  ["1d", null],
])("the duration %p is %p ns", (text, ns) => {
  expect(go_duration_ns(text)).toBe(ns);
});

it("takes trace ids without their zeros in front", () => {
  expect(whole_trace_id("A1")).toBe(`${"0".repeat(30)}a1`);
  for (const text of ["", "g", "0".repeat(33), "a b"]) expect(whole_trace_id(text)).toBeNull();
});

it("takes tags of a JSON object", () => {
  expect(json_tags('{"a":"b","n":200,"yes":true}')).toEqual(
    new Map([
      ["a", "b"],
      ["n", "200"],
      ["yes", "true"],
    ]),
  );
  for (const text of ["a=b", "[]", '{"a":{}}', "null"]) expect(json_tags(text)).toBeNull();
});
