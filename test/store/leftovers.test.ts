import { expect, it } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { remove_leftovers, spill_directory } from "../../src/store/duckdb/leased/leftovers.ts";
import { temp_dir } from "../support/temp-dir.ts";

const DAY_S = 24 * 3_600;

it("what a killed command has left is removed after a day, and nothing else", async () => {
  using dir = temp_dir();
  const ended = Bun.spawn(["true"]);
  await ended.exited;
  const path = join(dir.path, "traces.duckdb");
  const make = (name: string, age_s: number) => {
    const at = Date.now() / 1000 - age_s;
    mkdirSync(name);
    writeFileSync(join(name, "spilled"), "x");
    utimesSync(name, at, at);
  };
  make(spill_directory(path, ended.pid), DAY_S + 60);
  make(spill_directory(path, process.pid), DAY_S + 60);
  make(`${path}.tmp`, DAY_S + 60);
  make(`${path}.tmp-old`, DAY_S + 60);
  remove_leftovers(path);
  const left = ["traces.duckdb.tmp", `traces.duckdb.tmp-${process.pid}`, "traces.duckdb.tmp-old"].sort();
  expect(readdirSync(dir.path).sort()).toEqual(left);

  const young = spill_directory(path, ended.pid);
  make(young, DAY_S - 60);
  remove_leftovers(path);
  expect(readdirSync(dir.path)).toHaveLength(left.length + 1);
});

it("what a user may not remove keeps nobody from starting", async () => {
  using dir = temp_dir();
  const ended = Bun.spawn(["true"]);
  await ended.exited;
  const path = join(dir.path, "traces.duckdb");
  const left = spill_directory(path, ended.pid);
  mkdirSync(left);
  writeFileSync(join(left, "spilled"), "x");
  chmodSync(left, 0o500);
  remove_leftovers(path, Date.now() + 2 * DAY_S * 1000);
  // Root may.
  expect(existsSync(left)).toBe(process.getuid?.() !== 0);
  if (existsSync(left)) chmodSync(left, 0o700);
});
