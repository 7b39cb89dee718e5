import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { closeSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { is_fatal } from "../../src/store/duckdb/damage.ts";
import { Session } from "../../src/store/duckdb/session.ts";
import { open_store, type SpanStore } from "../../src/store/index.ts";
import { collecting_logger, type LogLine } from "../support/collecting-logger.ts";
import { span_init } from "../support/otlp.ts";
import { append_spans, page_rows, STORE_OPTIONS } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const ERROR = 50;
const GARBAGE = Buffer.alloc(4096, "garbage ");

let directory: TempDir;
let path: string;
let lines: LogLine[];
beforeEach(async () => {
  directory = temp_dir();
  path = join(directory.path, "traces.duckdb");
  await a_killed_process_left(path);
});
afterEach(() => directory[Symbol.dispose]());

/** A file with two checkpointed spans, and a log with two more. */
async function a_killed_process_left(path: string): Promise<void> {
  await using store = await open_store({ path, ...STORE_OPTIONS });
  await append_spans(store, [span_init({ name: "old" }), span_init({ name: "old" })]);
  await checkpoint_from_outside(store);
  await append_spans(store, [span_init({ name: "new" }), span_init({ name: "new" })]);
}

/** A log that is gone makes the store checkpoint: sooner than by its length. */
async function checkpoint_from_outside(store: SpanStore): Promise<void> {
  rmSync(`${path}.wal`);
  expect(await store.checkpoint_when_due()).toBe(true);
}

async function open(): Promise<SpanStore> {
  const { logger, lines: collected } = collecting_logger();
  lines = collected;
  return open_store({ path, ...STORE_OPTIONS }, logger);
}

async function names(store: SpanStore): Promise<string[]> {
  const page = await store.root_spans("shop", false, { limit: null, offset: 0 });
  return (await page_rows(page)).map(({ name }) => String(name)).sort();
}

function overwrite(file: string, at: number, bytes = GARBAGE): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

const size_of = (file: string) => statSync(file).size;
const errors = () => lines.filter(({ level }) => level >= ERROR);
const damaged_files = () => readdirSync(directory.path).filter((name) => name.includes(".damaged-"));

describe("a DuckDB file that is damaged", () => {
  it.each([
    ["is empty", () => truncateSync(path, 0)],
    ["was cut short in its headers", () => truncateSync(path, 5_000)],
    ["was cut short", () => truncateSync(path, size_of(path) / 2)],
    ["has garbage for its first header", () => overwrite(path, 0)],
    ["has garbage for its second and third header", () => overwrite(path, 4096, Buffer.concat([GARBAGE, GARBAGE]))],
    ["is garbage from its beginning to its end", () => writeFileSync(path, Buffer.alloc(100_000, "no database "))],
  ])("that %s is moved aside with its log, and a new one is begun", async (_what, damage) => {
    damage();
    await using store = await open();
    expect(await names(store)).toEqual([]);
    expect(await store.position("test")).toBeNull();
    expect(errors().at(-1)?.msg).toContain("the DuckDB file is damaged and was moved aside");
    expect(damaged_files()).toContainEqual(expect.stringMatching(/^traces\.duckdb\.damaged-\d{8}T\d{6}\.\d{3}Z$/));
    expect(damaged_files()).toContainEqual(expect.stringMatching(/^traces\.duckdb\.damaged-[\dTZ.]+\.wal$/));
    expect((await append_spans(store, [span_init()])).inserted_spans).toBe(1);
  });

  it("in a block that is needed only later is moved aside then, without a restart", async () => {
    overwrite(path, 12_288, Buffer.alloc(size_of(path) - 12_288, 0x5a));
    rmSync(`${path}.wal`);
    await using store = await open();
    for (let attempt = 0; attempt < 2; attempt++) {
      await append_spans(store, [span_init({ name: "after" })]).catch(() => undefined);
    }
    expect(await names(store)).toContain("after");
    expect(errors().at(-1)?.msg).toContain("the DuckDB file is damaged and was moved aside");
  });

  it("and was removed under a running process is begun anew at the next checkpoint", async () => {
    await using store = await open();
    rmSync(path);
    rmSync(`${path}.wal`);
    const checkpoint = store.checkpoint_when_due();
    expect(checkpoint).rejects.toMatchObject({ code: "unavailable", message: "The database file is gone" });
    await checkpoint.catch(() => undefined);
    expect(await store.position("test")).toBeNull();
    await append_spans(store, [span_init({ name: "after" })]);
    expect(await names(store)).toEqual(["after"]);
  });
});

describe("a log of DuckDB's that is damaged", () => {
  it("is moved aside alone: what was checkpointed stays", async () => {
    overwrite(`${path}.wal`, 200);
    await using store = await open();
    expect(await names(store)).toEqual(["old", "old"]);
    expect(errors()).toHaveLength(1);
    expect(errors()[0].msg).toContain("DuckDB's log is damaged and was moved aside");
    expect(damaged_files()).toEqual([expect.stringMatching(/^traces\.duckdb\.damaged-[\dTZ.]+\.wal$/)]);
  });

  it("and was removed under a running process is not missed: its rows are brought into the file", async () => {
    {
      await using store = await open();
      rmSync(`${path}.wal`);
      expect(await store.checkpoint_when_due()).toBe(true);
    }
    await using store = await open();
    expect(await names(store)).toEqual(["new", "new", "old", "old"]);
  });

  it.each([
    ["cut short", () => truncateSync(`${path}.wal`, size_of(`${path}.wal`) - 10)],
    ["garbage in its middle", () => overwrite(`${path}.wal`, size_of(`${path}.wal`) / 2)],
    ["empty", () => truncateSync(`${path}.wal`, 0)],
    ["not a log at all", () => writeFileSync(`${path}.wal`, GARBAGE)],
  ])("and is %s leaves the position where the rows end", async (_what, damage) => {
    const before = await position_in_file();
    damage();
    await using store = await open();
    expect(await names(store)).toEqual(["old", "old"]);
    expect(await store.position("test")).toEqual(before);
  });
});

/** The position as of the last checkpoint. */
async function position_in_file(): Promise<Uint8Array> {
  using copy = temp_dir();
  const alone = join(copy.path, "alone.duckdb");
  await Bun.write(alone, Bun.file(path));
  await using store = await open_store({ path: alone, ...STORE_OPTIONS });
  return (await store.position("test")) ?? new Uint8Array();
}

describe("a file that can't be opened for another reason", () => {
  it("stays where it is when another process has it", async () => {
    const script = `
      import { DuckDBInstance } from ${JSON.stringify(import.meta.resolve("@duckdb/node-api"))};
      await DuckDBInstance.create(${JSON.stringify(path)});
      console.log("open");
      await Bun.stdin.text();`;
    await using other = Bun.spawn([process.execPath, "-e", script], { stdin: "pipe", stdout: "pipe" });
    await other.stdout.getReader().read();
    const opening = open();
    expect(opening).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining(path) });
    await opening.catch(() => undefined);
    expect([errors(), damaged_files()]).toEqual([[], []]);
    await other.stdin.end();
    await other.exited;
  });

  it("stays where it is when it is a directory", async () => {
    rmSync(path);
    await Bun.write(join(path, "file"), "in it");
    const opening = open();
    expect(opening).rejects.toMatchObject({ code: "unavailable" });
    await opening.catch(() => undefined);
    expect([errors(), damaged_files()]).toEqual([[], []]);
  });
});

describe("an error that DuckDB does not outlive", () => {
  it("is known as one, and the file can be opened again in the same process", async () => {
    const { logger } = collecting_logger();
    {
      await using session = await Session.open({ path, ...STORE_OPTIONS }, logger);
      await session.writer.run("SET debug_checkpoint_abort = 'before_truncate'");
      const checkpoint = session.writer.run("CHECKPOINT");
      expect(is_fatal(await checkpoint.catch((error: unknown) => error))).toBe(true);
      expect(is_fatal(await session.writer.run("SELECT 1").catch((error: unknown) => error))).toBe(true);
    }
    await using store = await open();
    expect(await names(store)).toEqual(["new", "new", "old", "old"]);
  });
});
