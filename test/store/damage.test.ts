import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { closeSync, openSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { damage_of, is_fatal } from "../../src/store/duckdb/damage.ts";
import { connect, open_database } from "../../src/store/duckdb/database.ts";
import { KilledStore, span_names } from "../support/killed-store.ts";
import { span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { append_spans, STORE_OPTIONS } from "../support/store.ts";

const HEADER_BYTES = 3 * 4096;
const BLOCK_BYTES = 262_144;
const GARBAGE = Buffer.alloc(4096, "garbage ");

let left: KilledStore;
let path: string;
beforeEach(async () => {
  left = await KilledStore.create();
  ({ path } = left);
});
afterEach(() => left[Symbol.dispose]());

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
describe("a process that was killed", () => {
  it("leaves what was sealed, and the position behind which the source goes on", async () => {
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["old", "old"]);
    expect(await store.position("test")).toEqual(left.position);
    expect(left.errors).toEqual([]);
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
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["old", "old"]);
    expect(await store.position("test")).toEqual(left.position);
    expect(left.errors.at(-1)?.msg).toContain("the DuckDB file is damaged and was moved aside");
    expect(left.damaged_files).toContainEqual(expect.stringMatching(/^traces\.duckdb\.damaged-\d{8}T\d{6}\.\d{3}Z$/));
    expect(left.damaged_files).toContainEqual(expect.stringMatching(/^traces\.duckdb\.damaged-[\dTZ.]+\.wal$/));
    expect((await append_spans(store, [span_init()])).inserted_spans).toBe(1);
  });

  it("is not one from which DuckDB has cut free blocks", async () => {
    let was_cut = false;
    for (let round = 0; round < 12 && !was_cut; round++) {
      await using store = await left.open();
      expect([left.errors, left.damaged_files]).toEqual([[], []]);
      for (let count = 0; count < 6; count++) {
        await append_spans(store, [span_init({ name: "more" })]);
        await store.seal();
        await store.tidy();
      }
      await store[Symbol.asyncDispose]();
      was_cut = (await blocks_by_header(path)) > (size_of(path) - HEADER_BYTES) / BLOCK_BYTES;
    }
    expect(was_cut).toBe(true);
    await using _store = await left.open();
    expect([left.errors, left.damaged_files]).toEqual([[], []]);
  }, 30_000);

  it("and shows it when rows are sealed, with nobody waiting, is made anew when the source goes on", async () => {
    await (await left.open())[Symbol.asyncDispose]();
    await using store = await left.open({ hot_age_max_ms: 20 });
    truncateSync(path, HEADER_BYTES);
    await append_spans(store, [span_init({ name: "after" })]);
    await poll_until(() => left.damaged_files.length > 0, { what: "a damaged file that is moved aside" });
    expect(() => store.durable_position("test")).toThrow("the database is being opened again");
    expect(await store.position("test")).toEqual(left.position);
    await append_spans(store, [span_init({ name: "after" })]);
    await store.seal();
    expect(await span_names(store)).toEqual(["after", "old", "old"]);
  });

  it("and was removed under a running process is made anew at the next append", async () => {
    await using store = await left.open();
    rmSync(path);
    rmSync(`${path}.wal`);
    const appending = append_spans(store, [span_init({ name: "after" })]);
    expect(appending).rejects.toMatchObject({ code: "unavailable", message: "The database file is gone" });
    await appending.catch(() => undefined);
    expect(await store.position("test")).toEqual(left.position);
    await append_spans(store, [span_init({ name: "after" })]);
    expect(await span_names(store)).toEqual(["after", "old", "old"]);
  });
});

describe("an error", () => {
  const short = (file: string) =>
    new Error(`IO Error: Could not read enough bytes from file "/data/${file}": attempted`);

  it("tells of damage when it is about the database's own files", () => {
    expect(damage_of(short("traces.duckdb"))).toBe("file");
    expect(damage_of(new Error("Failure while replaying WAL file"))).toBe("log");
    for (const other of [short("segments/1/spans.parquet"), new Error("Constraint Error: duplicate key")]) {
      expect(damage_of(other)).toBeNull();
    }
    expect(damage_of(new Error(`${short("traces.duckdb").message}: No space left on device`))).toBeNull();
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
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["old", "old"]);
    expect(await store.position("test")).toEqual(left.position);
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
    const opening = left.open();
    expect(opening).rejects.toMatchObject({ code: "unavailable", message: expect.stringContaining(path) });
    await opening.catch(() => undefined);
    expect([left.errors, left.damaged_files]).toEqual([[], []]);
    await other.stdin.end();
    await other.exited;
  });

  it("stays where it is when it is a directory", async () => {
    rmSync(path);
    await Bun.write(join(path, "file"), "in it");
    const opening = left.open();
    expect(opening).rejects.toMatchObject({ code: "unavailable" });
    await opening.catch(() => undefined);
    expect([left.errors, left.damaged_files]).toEqual([[], []]);
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
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["old", "old"]);
  });
});
