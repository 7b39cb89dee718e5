import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import {
  closeSync,
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { is_fatal } from "../../src/store/duckdb/damage.ts";
import { connect, open_database } from "../../src/store/duckdb/database.ts";
import { open_store, type SpanStore } from "../../src/store/index.ts";
import { collecting_logger, type LogLine } from "../support/collecting-logger.ts";
import { span_init } from "../support/otlp.ts";
import { append_spans, page_rows, STORE_OPTIONS } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const ERROR = 50;
const HEADER_BYTES = 3 * 4096;
const BLOCK_BYTES = 262_144;
const GARBAGE = Buffer.alloc(4096, "garbage ");

let directory: TempDir;
let path: string;
let segments: string;
let position: Uint8Array | null;
let lines: LogLine[];
beforeEach(async () => {
  directory = temp_dir();
  path = join(directory.path, "traces.duckdb");
  segments = join(directory.path, "segments");
  await a_killed_process_left();
});
afterEach(() => directory[Symbol.dispose]());

/** Two sealed spans, of which DuckDB's log alone knows, and two that were in memory. */
async function a_killed_process_left(): Promise<void> {
  using alive = temp_dir();
  await using store = await open_store({ path: join(alive.path, "traces.duckdb"), ...STORE_OPTIONS });
  await append_spans(store, [span_init({ name: "old" }), span_init({ name: "old" })]);
  await store.seal();
  position = store.durable_position("test");
  await append_spans(store, [span_init({ name: "new" }), span_init({ name: "new" })]);
  cpSync(alive.path, directory.path, { recursive: true });
}

async function open(): Promise<SpanStore> {
  const { logger, lines: collected } = collecting_logger();
  lines = collected;
  return open_store({ path, ...STORE_OPTIONS }, logger);
}

async function names(store: SpanStore): Promise<string[]> {
  const page = await store.list("roots", "shop", { limit: null, offset: 0 });
  return (await page_rows(page)).map(({ name }) => String(name)).sort();
}

function overwrite(file: string, at: number, bytes = GARBAGE): void {
  const descriptor = openSync(file, "r+");
  writeSync(descriptor, bytes, 0, bytes.length, at);
  closeSync(descriptor);
}

async function blocks_by_header(file: string): Promise<number> {
  const instance = await DuckDBInstance.create(file, { access_mode: "READ_ONLY" });
  const connection = await instance.connect();
  const found = await connection.runAndReadAll("SELECT total_blocks FROM pragma_database_size()");
  connection.closeSync();
  instance.closeSync();
  return Number(found.getRowsJS()[0]?.[0]);
}

const size_of = (file: string) => statSync(file).size;
const errors = () => lines.filter(({ level }) => level >= ERROR);
const damaged_files = () => readdirSync(directory.path).filter((name) => name.includes(".damaged-"));
const only_segment = (): string => {
  const [name] = readdirSync(segments);
  return join(segments, name);
};

describe("a process that was killed", () => {
  it("leaves what was sealed, and the position behind which the source goes on", async () => {
    await using store = await open();
    expect(await names(store)).toEqual(["old", "old"]);
    expect(await store.position("test")).toEqual(position);
    expect(errors()).toEqual([]);
  });
});

describe("a DuckDB file that is damaged", () => {
  it.each([
    ["is empty", () => truncateSync(path, 0)],
    ["was cut short in its headers", () => truncateSync(path, 5_000)],
    ["was cut short", () => truncateSync(path, size_of(path) / 2)],
    ["has garbage for its first header", () => overwrite(path, 0)],
    ["has garbage for its second and third header", () => overwrite(path, 4096, Buffer.concat([GARBAGE, GARBAGE]))],
    ["is garbage from its beginning to its end", () => writeFileSync(path, Buffer.alloc(100_000, "no database "))],
  ])("that %s is moved aside with its log, and made anew from the segments", async (_what, damage) => {
    damage();
    await using store = await open();
    expect(await names(store)).toEqual(["old", "old"]);
    expect(await store.position("test")).toEqual(position);
    expect(errors().at(-1)?.msg).toContain("the DuckDB file is damaged and was moved aside");
    expect(damaged_files()).toContainEqual(expect.stringMatching(/^traces\.duckdb\.damaged-\d{8}T\d{6}\.\d{3}Z$/));
    expect(damaged_files()).toContainEqual(expect.stringMatching(/^traces\.duckdb\.damaged-[\dTZ.]+\.wal$/));
    expect((await append_spans(store, [span_init()])).inserted_spans).toBe(1);
  });

  it("is not one from which DuckDB has cut free blocks", async () => {
    let was_cut = false;
    for (let round = 0; round < 12 && !was_cut; round++) {
      await using store = await open();
      expect([errors(), damaged_files()]).toEqual([[], []]);
      for (let count = 0; count < 6; count++) {
        await append_spans(store, [span_init({ name: "more" })]);
        await store.seal();
        await store.tidy();
      }
      await store[Symbol.asyncDispose]();
      was_cut = (await blocks_by_header(path)) > (size_of(path) - HEADER_BYTES) / BLOCK_BYTES;
    }
    expect(was_cut).toBe(true);
    await using _store = await open();
    expect([errors(), damaged_files()]).toEqual([[], []]);
  }, 30_000);

  it("and was removed under a running process is made anew at the next append", async () => {
    await using store = await open();
    rmSync(path);
    rmSync(`${path}.wal`);
    const appending = append_spans(store, [span_init({ name: "after" })]);
    expect(appending).rejects.toMatchObject({ code: "unavailable", message: "The database file is gone" });
    await appending.catch(() => undefined);
    expect(await store.position("test")).toEqual(position);
    await append_spans(store, [span_init({ name: "after" })]);
    expect(await names(store)).toEqual(["after", "old", "old"]);
  });
});

describe("a log of DuckDB's", () => {
  it.each([
    ["removed", () => rmSync(`${path}.wal`)],
    ["cut short", () => truncateSync(`${path}.wal`, size_of(`${path}.wal`) - 10)],
    ["garbage from 200 bytes on", () => overwrite(`${path}.wal`, 200)],
    ["garbage in its middle", () => overwrite(`${path}.wal`, size_of(`${path}.wal`) / 2, GARBAGE.subarray(0, 50))],
    ["empty", () => truncateSync(`${path}.wal`, 0)],
    ["not a log at all", () => writeFileSync(`${path}.wal`, GARBAGE)],
  ])("that is %s costs nothing that was sealed", async (_what, damage) => {
    damage();
    await using store = await open();
    expect(await names(store)).toEqual(["old", "old"]);
    expect(await store.position("test")).toEqual(position);
  });
});

describe("a segment", () => {
  it("that is gone is said to be, and the others stay", async () => {
    {
      await using store = await open();
      rmSync(only_segment(), { recursive: true });
      await append_spans(store, [span_init({ name: "newer" })]);
    }
    await using store = await open();
    expect(await names(store)).toEqual(["newer"]);
    expect(errors()).toEqual([expect.objectContaining({ msg: "a segment is gone, and its spans with it" })]);
  });

  it.each([
    ["spans.parquet", (file: string) => truncateSync(file, size_of(file) - 1)],
    ["filter.bin", (file: string) => rmSync(file)],
    ["segment.json", (file: string) => writeFileSync(file, "{")],
  ])("whose %s is damaged is moved aside, once", async (name, damage) => {
    damage(join(only_segment(), name));
    {
      await using store = await open();
      expect(await names(store)).toEqual([]);
      expect(errors()).toEqual([
        expect.objectContaining({ msg: expect.stringContaining("is damaged and was moved aside") }),
      ]);
      expect(await store.position("test")).toEqual(position);
    }
    await using store = await open();
    expect(errors()).toEqual([]);
    expect(readdirSync(segments)).toEqual([expect.stringContaining(".damaged-")]);
    expect(await names(store)).toEqual([]);
  });

  it("that was not finished, or was being removed, goes", async () => {
    const [name] = readdirSync(segments);
    for (const suffix of [".unfinished", ".removed"]) {
      mkdirSync(join(segments, `other${suffix}`));
      writeFileSync(join(segments, `other${suffix}`, "spans.parquet"), "");
    }
    await using store = await open();
    expect(readdirSync(segments)).toEqual([name]);
    expect(await names(store)).toEqual(["old", "old"]);
  });

  it("that the catalog did not hear of any more is taken in when it goes on behind the position", async () => {
    using earlier = temp_dir();
    cpSync(directory.path, earlier.path, { recursive: true });
    {
      await using store = await open();
      await append_spans(store, [span_init({ name: "newer" })]);
      await store.seal();
      position = store.durable_position("test");
    }
    for (const suffix of ["", ".wal"]) rmSync(path + suffix, { force: true });
    for (const suffix of ["", ".wal"]) cpSync(join(earlier.path, `traces.duckdb${suffix}`), path + suffix);
    await using store = await open();
    expect(await names(store)).toEqual(["newer", "old", "old"]);
    expect(await store.position("test")).toEqual(position);
  });

  it("that the catalog does not know, and whose position is behind it, is a leftover and goes", async () => {
    using earlier = temp_dir();
    cpSync(only_segment(), join(earlier.path, "copy"), { recursive: true });
    cpSync(join(earlier.path, "copy"), join(segments, "leftover"), { recursive: true });
    const manifest = join(segments, "leftover", "segment.json");
    writeFileSync(
      manifest,
      (await Bun.file(manifest).text()).replace(/"segment_id": "[^"]*"/, '"segment_id": "leftover"'),
    );
    await using store = await open();
    expect(readdirSync(segments)).toHaveLength(1);
    expect(await names(store)).toEqual(["old", "old"]);
  });
});

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
    {
      const instance = await open_database({ path, ...STORE_OPTIONS });
      const connection = await connect(instance);
      await connection.run("SET debug_checkpoint_abort = 'before_truncate'");
      const checkpoint = connection.run("CHECKPOINT");
      expect(is_fatal(await checkpoint.catch((error: unknown) => error))).toBe(true);
      expect(is_fatal(await connection.run("SELECT 1").catch((error: unknown) => error))).toBe(true);
      connection.closeSync();
      instance.closeSync();
    }
    await using store = await open();
    expect(await names(store)).toEqual(["old", "old"]);
  });
});
