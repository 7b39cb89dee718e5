import { describe, expect, it } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { env_name, SETTINGS, type SettingName } from "../src/config/index.ts";

const ROOT = join(import.meta.dir, "..");
const LINES_MAX = 300;

/** What may be imported by everybody: they know nothing of spans' way through the house. */
const COMMON = ["wire", "config", "filter", "observe", "mask", "access", "tls", "gen", "connections", "grpc"];

/** Which other rooms each room may import, by their doors. Nothing imports http but what puts the house together. */
const ROOMS: Record<string, readonly string[]> = {
  wire: [],
  config: [],
  filter: [],
  mask: [],
  observe: [],
  access: [],
  tls: [],
  gen: [],
  connections: [],
  grpc: [],
  native: [],
  memory: [],
  zstd: [],
  wal: [],
  receive: ["wal"],
  ingest: ["receive", "wal"],
  decode: [],
  encode: ["decode"],
  store: ["memory", "zstd", "wal", "decode", "encode"],
  poll: ["wal", "decode", "store"],
  forward: ["wal", "poll"],
  query: ["receive", "encode", "store"],
  http: ["memory", "decode", "encode", "store", "query"],
  "key-service": [],
  backup: ["wal", "store"],
  inspect: ["wal", "receive", "decode", "encode", "poll", "store", "backup"],
  studio: [],
  demo: [],
  mcp: ["decode"],
  "serve.ts": ["wal", "forward", "backup", "key-service", "memory", "ingest", "poll", "store", "http", "studio"],
  "command-line": ["backup", "decode", "demo", "inspect", "mcp", "serve.ts", "http"],
  "main.ts": ["command-line"],
};

/** Committed files and new ones, not what is ignored. */
const files = Bun.spawnSync(["git", "ls-files", "--cached", "--others", "--exclude-standard"], { cwd: ROOT })
  .stdout.toString()
  .trim()
  .split("\n")
  .filter((path) => !/^test\/(captures|fixtures)\//.test(path) && Bun.file(join(ROOT, path)).size > 0);
const sources = files.filter((path) => /^(src|test|bench|scripts)\//.test(path) && !path.startsWith("src/gen/"));
const text_of = (path: string) => readFileSync(join(ROOT, path), "utf8");
const in_sources = sources.filter((path) => /^src\/.*\.tsx?$/.test(path));
const tests = sources.filter((path) => path.startsWith("test/") && path !== "test/tidy.test.ts");

/** Lines of these files that match, each with its place. */
const lines_that_match = (paths: string[], pattern: RegExp) =>
  paths.flatMap((path) =>
    text_of(path)
      .split("\n")
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );

describe("files", () => {
  it("are found", () => {
    expect(in_sources.length).toBeGreaterThan(50);
    expect(tests.length).toBeGreaterThan(20);
  });

  it(`have at most ${LINES_MAX} lines`, () => {
    const lengths = sources.map((path) => ({ path, lines: text_of(path).split("\n").length - 1 }));
    expect(lengths.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  it("have names in kebab case", () => {
    expect(
      sources.filter((path) => !path.split("/").every((part) => /^[a-z0-9]+([-.][a-z0-9]+)*$/.test(part))),
    ).toEqual([]);
  });

  it("name no directory of a machine and no registry", () => {
    const pattern = /\/(home|work|root|Users)\/|registry\.[a-z]+\.[a-z]+|"resolved":/;
    expect(
      lines_that_match(
        files.filter((path) => path !== "test/tidy.test.ts"),
        pattern,
      ),
    ).toEqual([]);
  });
});

describe("imports", () => {
  const room_of = (path: string) => path.split("/")[1];
  const imports = in_sources.flatMap((path) =>
    [...text_of(path).matchAll(/(?:\bfrom|\bimport\(|\bimport)\s*"(\.[^"]+)"/g)]
      .map(([, specifier]) => relative(ROOT, join(ROOT, dirname(path), specifier)))
      .filter((target) => target.startsWith("src/") && room_of(target) !== room_of(path))
      .map((target) => ({ path, target })),
  );

  it("are found, and every room has its place", () => {
    expect(imports.length).toBeGreaterThan(50);
    expect(in_sources.map(room_of).filter((room) => !(room in ROOMS) && !room.endsWith(".d.ts"))).toEqual([]);
  });

  it("go only to rooms that come before", () => {
    const may = (from: string, to: string) => ROOMS[from]?.includes(to) || (COMMON.includes(to) && from !== "gen");
    expect(imports.filter(({ path, target }) => !may(room_of(path), room_of(target)))).toEqual([]);
  });

  it("go through a room's door", () => {
    const is_door = (target: string) =>
      target === `src/${room_of(target)}` || target === `src/${room_of(target)}/index.ts`;
    expect(imports.filter(({ target }) => room_of(target) !== "gen" && !is_door(target))).toEqual([]);
  });
});

it("DuckDB is known to the store alone, and to what loads its library", () => {
  // src/native names its package to unpack it, and knows nothing of rows.
  const others = in_sources.filter((path) => !/^src\/(store\/duckdb|native)\//.test(path));
  expect(lines_that_match(others, /["']@duckdb\//)).toEqual([]);
  const above = others.filter((path) => path !== "src/store/index.ts");
  expect(lines_that_match(above, /(from|import\()\s*"[^"]*\/duckdb\//)).toEqual([]);
});

describe("tests", () => {
  it("all run", () => {
    expect(lines_that_match(tests, /\b(it|test|describe)\.(skip|only|todo|if|skipIf|todoIf)\b/)).toEqual([]);
  });

  it("wait for something, not for a time", () => {
    expect(lines_that_match(tests, /\bsleep(Sync)?\(\s*([\d_]{3,}|\d+ \*)|setTimeout\([^;]*,\s*[\d_]{3,}\)/)).toEqual(
      [],
    );
  });
});

it.each(Object.keys(SETTINGS) as SettingName[])("the README documents %s", (name) => {
  expect(text_of("README.md")).toContain(`\`${env_name(name)}\``);
});
