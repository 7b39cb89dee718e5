import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { join } from "node:path";
import { open_data_store, patched_span } from "../support/data-dir.ts";
import { span_init } from "../support/otlp.ts";
import { run_program } from "../support/program.ts";
import { FROM_SOURCE } from "../support/server-process.ts";
import { append_spans } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
beforeAll(async () => {
  dir = temp_dir();
  await using store = await open_data_store(dir.path);
  await append_spans(store, [
    span_init({ name: "a,b" }),
    span_init({ name: 'say "hi"\n' }),
    patched_span({ name: "" }),
  ]);
});
afterAll(() => dir[Symbol.dispose]());

const sql = (select: string, ...args: string[]) => run_program(["sql", select, ...args], { DATA_DIR: dir.path });
const NAMES = "SELECT name, kind, parent_span_id AS parent, 9007199254740993::BIGINT AS big FROM spans ORDER BY name";

describe("junjo-traces sql", () => {
  it("prints a table", async () => {
    expect(await sql(NAMES)).toEqual({
      exit_code: 0,
      stderr: "",
      stdout: [
        "name        kind      parent  big",
        "----------  --------  ------  ----------------",
        "            INTERNAL  NULL    9007199254740993",
        "a,b         INTERNAL  NULL    9007199254740993",
        String.raw`say "hi"\n  INTERNAL  NULL    9007199254740993`,
        "",
      ].join("\n"),
    });
  });

  it("prints JSON and CSV", async () => {
    const rows = ["", "a,b", 'say "hi"\n'].map(
      (name) => `{"name":${JSON.stringify(name)},"kind":"INTERNAL","parent":null,"big":9007199254740993}`,
    );
    expect((await sql(NAMES, "--format", "json")).stdout).toBe(`[${rows.join(",\n")}]\n`);
    expect((await sql(NAMES, "--format", "csv")).stdout).toBe(
      'name,kind,parent,big\r\n"",INTERNAL,,9007199254740993\r\n"a,b",INTERNAL,,9007199254740993\r\n"say ""hi""\n",INTERNAL,,9007199254740993\r\n',
    );
    expect((await sql("SELECT [1, 9007199254740993] AS list, {'a': 1.5} AS map", "--format", "json")).stdout).toBe(
      '[{"list":["1","9007199254740993"],"map":{"a":"1.5"}}]\n',
    );
  });

  it("reads the question from standard input", async () => {
    const program = Bun.spawn([...FROM_SOURCE, "sql", "--format=csv"], {
      env: { DATA_DIR: dir.path },
      stdin: Buffer.from("-- how many\nSELECT count(*) AS count FROM state_patches;\n"),
      stdout: "pipe",
    });
    expect(await program.stdout.text()).toBe("count\r\n2\r\n");
    expect(await program.exited).toBe(0);
  });

  it("is broken off when it takes too long", async () => {
    const endless =
      "SELECT count(*) FROM range(1000000) a, range(1000000) b, range(1000) c WHERE a.range % 7 = b.range % 11";
    expect(await sql(endless, "--timeout", "0.2")).toEqual({
      exit_code: 1,
      stdout: "",
      stderr: "junjo-traces: the question took longer than 200 ms\n",
    });
    expect((await sql("SELECT 1 AS one", "--timeout", "0", "--format", "csv")).stdout).toBe("one\r\n1\r\n");
    for (const given of ["-1", "1s", "1e3", "1000001"]) {
      const { exit_code, stderr } = await sql("SELECT 1", `--timeout=${given}`);
      expect({ exit_code, stderr }).toEqual({
        exit_code: 2,
        stderr: `junjo-traces: --timeout "${given}": expected seconds up to 1000000, or 0 for no limit\n`,
      });
    }
  }, 30_000);

  it("says when there is more than it prints", async () => {
    const { exit_code, stdout, stderr } = await sql("SELECT * FROM range(10001)", "--format", "csv");
    expect({ exit_code, stderr }).toEqual({ exit_code: 0, stderr: "junjo-traces: only the first 10000 rows\n" });
    expect(stdout.split("\r\n")).toHaveLength(10_002);
  });

  it.each([
    ["SELECT nothing FROM spans", /Referenced column "nothing" not found/],
    ["DROP VIEW spans", /expected a SELECT/],
    ["SELECT * FROM read_text('README.md')", /read_text is not a function to select from here/],
  ])("refuses %p", async (select, why) => {
    expect(await sql(select)).toMatchObject({ exit_code: 1, stdout: "", stderr: expect.stringMatching(why) });
  });

  it.each([
    [["sql", "SELECT 1", "--format", "xml"], 'junjo-traces: --format "xml": expected table, json, csv\n'],
    [["sql", "SELECT 1", "--output", "x"], "junjo-traces: --output is for export\n"],
    [["export"], "junjo-traces: --format is missing: expected parquet, otlp-json, jsonl\n"],
    [["export", "--format", "parquet"], "junjo-traces: --format parquet needs --output\n"],
    [["export", "--format", "jsonl", "--table", "spans"], "junjo-traces: --table is for --format parquet\n"],
    [["export", "--format", "jsonl", "--trace", "1"], 'junjo-traces: --trace "1": expected 32 hex digits\n'],
    [["export", "--format", "jsonl", "--since", "now"], /^junjo-traces: --since "now": expected a time such as/],
    [["verify", "--format", "json"], "junjo-traces: --format is for export and sql\n"],
  ])("answers %p with one line and code 2", async (args, complaint) => {
    const { exit_code, stdout, stderr } = await run_program(args, { DATA_DIR: join(dir.path, "none") });
    expect({ exit_code, stdout }).toEqual({ exit_code: 2, stdout: "" });
    expect(stderr).toMatch(complaint);
  });
});
