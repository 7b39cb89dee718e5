import { readFileSync } from "node:fs";
import { expect, it } from "bun:test";
import { let_go_of_start_code } from "../../src/memory/index.ts";

const mapped_kib = () => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1]);

it("gives back pages of program text, and everything goes on", () => {
  const before_kib = mapped_kib();
  let_go_of_start_code();
  expect(mapped_kib()).toBeLessThan(before_kib - 4 * 1024);
  expect(JSON.parse(JSON.stringify({ a: [1, "two"] }))).toEqual({ a: [1, "two"] });
});
