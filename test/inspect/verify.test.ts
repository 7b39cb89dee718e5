import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { verify } from "../../src/inspect/index.ts";
import { patches_sql } from "../../src/store/duckdb/segments/patches-sql.ts";
import { Segment } from "../../src/store/duckdb/segments/segment.ts";
import type { Fault } from "../../src/store/index.ts";
import { config_of, open_data_store, patched_span, plainly_patched_span } from "../support/data-dir.ts";
import { new_id, span_init } from "../support/otlp.ts";
import { make_manifest_true, rewrite } from "../support/changed-segment.ts";
import { run_program } from "../support/program.ts";
import { send_spans } from "../support/sdk.ts";
import { FROM_SOURCE, start_server } from "../support/server-process.ts";
import { run_sql } from "../support/sql.ts";
import { append_spans } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
let segments: string[];
const database = () => join(dir.path, "duckdb", "traces.duckdb");

/** Two segments: five spans, of which two have two patches each; and four spans with eight, of which two are derived. */
beforeEach(async () => {
  dir = temp_dir();
  await using store = await open_data_store(dir.path, { hot_rows_max: 5 });
  await append_spans(store, [span_init(), span_init(), span_init(), plainly_patched_span(), plainly_patched_span()]);
  await store.seal();
  await append_spans(store, [patched_span(), plainly_patched_span(), plainly_patched_span(), plainly_patched_span()]);
  await store.seal();
  const directory = join(dir.path, "duckdb", "segments");
  segments = readdirSync(directory)
    .sort()
    .map((name) => join(directory, name));
  expect(segments).toHaveLength(2);
});
afterEach(() => dir[Symbol.dispose]());

async function faults(): Promise<Fault[]> {
  const found: Fault[] = [];
  const { fault_count } = await verify(config_of(dir.path), (fault) => found.push(fault));
  expect(found).toHaveLength(fault_count);
  return found;
}

const change_catalog = (sql: string) => run_sql(sql, database());

describe("verify of a store that is whole", () => {
  it("says what it looked at", async () => {
    expect(await verify(config_of(dir.path), () => undefined)).toMatchObject({
      segment_count: 2,
      file_count: 8,
      unread_count: 0,
      span_count: 9,
      patch_count: 12,
      is_catalog_compared: true,
      fault_count: 0,
    });
  });

  it("reads rows in their order, however many groups of them there are", async () => {
    {
      await using store = await open_data_store(dir.path);
      const traceId = span_init().traceId as Uint8Array;
      await append_spans(
        store,
        Array.from({ length: 40_000 }, (_, place) =>
          span_init(place % 3 === 0 ? { traceId } : { traceId, parentSpanId: new_id(8) }),
        ),
      );
      await store.seal();
    }
    for (let turn = 0; turn < 5; turn++) expect(await faults()).toEqual([]);
  }, 30_000);

  it("leaves it as it is", async () => {
    const listing = () => readdirSync(dir.path, { recursive: true, encoding: "utf8" }).sort();
    const before = listing();
    expect(await faults()).toEqual([]);
    expect(listing()).toEqual(before);
  });

  it("looks at no rows where there are none", async () => {
    await using _store = await open_data_store(join(dir.path, "empty"));
    await _store[Symbol.asyncDispose]();
    expect(await verify(config_of(join(dir.path, "empty")), () => undefined)).toMatchObject({
      fault_count: 0,
      span_count: 0,
    });
  });
});

describe("verify names", () => {
  it.each([
    ["a byte that is another one", (path: string) => flip(path, 100), /^has CRC-32 [0-9a-f]{8}, not [0-9a-f]{8}$/],
    [
      "a file that was cut",
      (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 50)),
      /^has 50 bytes, not \d+$/,
    ],
    ["a file that is gone", (path: string) => rmSync(path), /^is missing$/],
  ])("%s", async (_, damage, what) => {
    const path = join(segments[0], "spans.parquet");
    damage(path);
    expect(await faults()).toEqual([{ path, what: expect.stringMatching(what) }]);
  });

  it("a manifest that can't be read, and a file that no manifest has", async () => {
    writeFileSync(join(segments[0], "segment.json"), "{");
    writeFileSync(join(segments[1], "more"), "");
    expect(await faults()).toEqual([
      { path: join(segments[0], "segment.json"), what: expect.stringMatching(/^is no manifest: /) },
      { path: join(segments[1], "more"), what: "is not in the manifest" },
    ]);
  });

  it("directories that only one of catalog and disk has, or that are not finished", async () => {
    const [gone, renamed] = [segments[0], `${segments[1]}.unfinished`];
    const unknown = join(dir.path, "duckdb", "segments", "unknown");
    renameSync(gone, unknown);
    mkdirSync(renamed);
    expect(await faults()).toEqual([
      { path: renamed, what: expect.stringMatching(/^is unfinished/) },
      { path: unknown, what: expect.stringMatching(/^is not in the catalog/) },
      { path: gone, what: "is missing" },
    ]);
  });

  it("a catalog that says something else, or can't be read", async () => {
    await change_catalog("UPDATE segments SET span_count = 7 WHERE span_count = 5");
    expect(await faults()).toEqual([
      { path: database(), what: expect.stringMatching(/^has span_count 7 of .* says 5$/) },
    ]);
    writeFileSync(database(), "not a database");
    expect(await faults()).toEqual([{ path: database(), what: expect.stringMatching(/^is damaged: /) }]);
    rmSync(database());
    expect(await faults()).toEqual([{ path: database(), what: "is missing" }]);
  });

  it("spans and patches that are held twice", async () => {
    const twin = segments[1].replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    cpSync(segments[1], twin, { recursive: true });
    const segment_id = twin.slice(-36);
    make_manifest_true(twin, { segment_id });
    await change_catalog(
      `INSERT INTO segments SELECT '${segment_id}' AS segment_id, * EXCLUDE (segment_id) FROM segments WHERE span_count = 4`,
    );
    const found = await faults();
    const paths = (name: string) =>
      [segments[1], twin]
        .sort()
        .map((path) => join(path, name))
        .join(", ");
    expect(found.filter(({ what }) => /^span \w{32} \w{16} is held 2 times$/.test(what))).toHaveLength(4);
    expect(found.filter(({ what }) => /^state patch \S+ is held 2 times$/.test(what))).toHaveLength(6);
    expect(new Set(found.map(({ path }) => path))).toEqual(
      new Set([paths("spans.parquet"), paths("state_patches.parquet")]),
    );
  });

  it("more of a kind than it names, by their number", async () => {
    {
      await using store = await open_data_store(dir.path);
      await append_spans(
        store,
        Array.from({ length: 25 }, () => plainly_patched_span()),
      );
      await store.seal();
    }
    const directory = join(dir.path, "duckdb", "segments");
    const large = readdirSync(directory).find((name) => !segments.includes(join(directory, name))) ?? "";
    const twin = large.replace(/.$/, (digit) => (digit === "0" ? "1" : "0"));
    cpSync(join(directory, large), join(directory, twin), { recursive: true });
    make_manifest_true(join(directory, twin), { segment_id: twin });
    await change_catalog(
      `INSERT INTO segments SELECT '${twin}' AS segment_id, * EXCLUDE (segment_id) FROM segments WHERE span_count = 25`,
    );
    const found = await faults();
    expect(found).toContainEqual({ path: directory, what: "5 more spans are held more than once" });
    expect(found).toContainEqual({ path: directory, what: "30 more state patches are held more than once" });
    expect(found).toHaveLength(42);
  });

  it("patches that are held and derived, and spans that have other ones than they say", async () => {
    const [, many] = segments;
    const [spans, patches] = [join(many, "spans.parquet"), join(many, "state_patches.parquet")];
    const derived = `SELECT * FROM (${patches_sql([Segment.open(many)])})`;
    await rewrite(patches, `${derived} WHERE json_valid(patch_json::VARCHAR) AND patch_json::VARCHAR NOT LIKE '"%'`);
    await rewrite(spans, `SELECT * REPLACE (derived_patch_count * 2 AS derived_patch_count) FROM '${spans}'`);
    make_manifest_true(many);
    const found = await faults();
    const held = (path: string, pattern: RegExp) =>
      found.filter((fault) => fault.path === path && pattern.test(fault.what)).length;
    expect(held(patches, /^state patch \S+ can be derived from its span too$/)).toBe(2);
    expect(held(spans, /^span \w{32} \w{16} has 2 state patches, and says 4$/)).toBe(1);
    expect(held(patches, /^has 6 rows together .* says 8$/)).toBe(1);
  });

  it("rows that are not where the index has them", async () => {
    const [few, many] = segments;
    cpSync(join(few, "rows.bin"), join(many, "rows.bin"));
    make_manifest_true(many);
    expect(await faults()).toContainEqual({ path: join(many, "rows.bin"), what: "has rows in other places" });
  });

  it("patches without their span, spans that no filter finds, and numbers of rows that are not the manifest's", async () => {
    const [few, many] = segments;
    cpSync(join(few, "state_patches.parquet"), join(many, "state_patches.parquet"));
    cpSync(join(few, "filter.bin"), join(many, "filter.bin"));
    rmSync(few, { recursive: true });
    await change_catalog("DELETE FROM segments WHERE span_count = 5");
    make_manifest_true(many);
    const found = await faults();
    const [spans, patches] = [join(many, "spans.parquet"), join(many, "state_patches.parquet")];
    expect(found).toContainEqual({ path: patches, what: expect.stringMatching(/^has 6 rows together .* says 8$/) });
    expect(
      found.filter(({ path, what }) => path === spans && what.endsWith("is not found by the filter")),
    ).toHaveLength(4);
    expect(found.filter(({ path, what }) => path === patches && what.endsWith("has no span"))).toHaveLength(4);
    expect(found).toContainEqual({ path: database(), what: expect.stringMatching(/^has file_bytes /) });
    expect(found).toHaveLength(10);
  });
});

describe("junjo-traces verify", () => {
  it("checks what a running server holds, and the same once it is stopped", async () => {
    const verify_it = () => run_program(["verify"], {}, dir.path);
    {
      await using server = await start_server(FROM_SOURCE, dir.path);
      await send_spans(server.ports.otlp_http, "shop", ["one", "two"]);
      const beside = await verify_it();
      expect(beside).toMatchObject({
        exit_code: 0,
        stderr: "",
        stdout: expect.stringMatching(/not compared[^]*\nwhole\n$/),
      });
      server.kill("SIGTERM");
      await server.exited;
    }
    const after = await verify_it();
    expect(after).toMatchObject({
      exit_code: 0,
      stdout: expect.stringMatching(/the directories[^]*\n2 spans[^]*\nwhole\n$/),
    });
  });

  it("prints each fault and ends with code 1", async () => {
    flip(join(segments[0], "filter.bin"), 20);
    const { exit_code, stdout } = await run_program(["verify"], { DATA_DIR: dir.path });
    expect(exit_code).toBe(1);
    expect(stdout).toStartWith(`${join(segments[0], "filter.bin")}: has CRC-32 `);
    expect(stdout).toEndWith("\nthe rows of 1 segments were left out: their files are at fault\n1 faults\n");
  });

  it("makes nothing where nothing is, and does not pass by a lock", async () => {
    const nowhere = join(dir.path, "nowhere");
    expect(await run_program(["verify"], { DATA_DIR: nowhere })).toEqual({
      exit_code: 1,
      stdout: "",
      stderr: `junjo-traces: there is no data directory ${nowhere}\n`,
    });
    expect(existsSync(nowhere)).toBe(false);
    await using _store = await open_data_store(dir.path);
    expect(await run_program(["verify"], { DATA_DIR: dir.path })).toMatchObject({
      exit_code: 1,
      stderr: expect.stringMatching(/^junjo-traces: can't lock .*\n$/),
    });
  });
});

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] ^= 0xff;
  writeFileSync(path, bytes);
}
