import { expect, it } from "bun:test";
import { duration_text, time_text } from "../../../src/studio/page/lib/format.ts";

it.each([
  [0, "0ns"],
  [999, "999ns"],
  [1_240, "1.24µs"],
  [310_000_000, "310ms"],
  [90e9, "1.5m"],
  [3_600e9 * 23, "23h"],
  [3_600e9 * 36, "1.5d"],
  [-2_500_000, "-2.5ms"],
])("a duration of %d ns is %s", (ns, text) => {
  expect(duration_text(ns)).toBe(text);
});

it("a time has its year if that is not this year's", () => {
  const now_ms = Date.parse("2026-07-01T00:00:00Z");
  expect(time_text("2026-06-15T12:00:00.123456+00:00", now_ms)).not.toContain("2026");
  expect(time_text("2023-06-15T12:00:00.123456+00:00", now_ms)).toContain("2023");
});
