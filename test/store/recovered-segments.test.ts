import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { KilledStore, span_names } from "../support/killed-store.ts";
import { span_init } from "../support/otlp.ts";
import { run_sql } from "../support/sql.ts";
import { append_spans } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

let left: KilledStore;
let path: string;
let segments: string;
beforeEach(async () => {
  left = await KilledStore.create();
  ({ path, segments } = left);
});
afterEach(() => left[Symbol.dispose]());

const size_of = (file: string) => statSync(file).size;
const only_segment = (): string => {
  const [name] = readdirSync(segments);
  return join(segments, name);
};

function rename_segment(segment: string, segment_id: string): void {
  const path_of_new = join(segments, segment_id);
  renameSync(segment, path_of_new);
  const manifest = join(path_of_new, "segment.json");
  writeFileSync(
    manifest,
    readFileSync(manifest, "utf8").replace(/"segment_id": "[^"]*"/, `"segment_id": "${segment_id}"`),
  );
}

describe("a segment", () => {
  it("that is gone is said to be, and the others stay", async () => {
    {
      await using store = await left.open();
      rmSync(only_segment(), { recursive: true });
      await append_spans(store, [span_init({ name: "newer" })]);
    }
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["newer"]);
    expect(left.errors).toEqual([expect.objectContaining({ msg: "a segment is gone, and its spans with it" })]);
  });

  it.each([
    ["spans.parquet", (file: string) => truncateSync(file, size_of(file) - 1)],
    ["filter.bin", (file: string) => rmSync(file)],
    ["segment.json", (file: string) => writeFileSync(file, "{")],
  ])("whose %s is damaged is moved aside, once", async (name, damage) => {
    damage(join(only_segment(), name));
    {
      await using store = await left.open();
      expect(await span_names(store)).toEqual([]);
      expect(left.errors).toEqual([
        expect.objectContaining({ msg: expect.stringContaining("is damaged and was moved aside") }),
      ]);
      expect(await store.position("test")).toEqual(left.position);
    }
    await using store = await left.open();
    expect(left.errors).toEqual([]);
    expect(readdirSync(segments)).toEqual([expect.stringContaining(".damaged-")]);
    expect(await span_names(store)).toEqual([]);
  });

  it("that was not finished, or was being removed, goes", async () => {
    const [name] = readdirSync(segments);
    for (const suffix of [".unfinished", ".removed"]) {
      mkdirSync(join(segments, `other${suffix}`));
      writeFileSync(join(segments, `other${suffix}`, "spans.parquet"), "");
    }
    await using store = await left.open();
    expect(readdirSync(segments)).toEqual([name]);
    expect(await span_names(store)).toEqual(["old", "old"]);
  });

  it("is seen by who opens the DuckDB file, and one that is unfinished or was moved aside is not", async () => {
    await (await left.open())[Symbol.asyncDispose]();
    const segment = only_segment();
    cpSync(segment, `${segment}.damaged-1`, { recursive: true });
    mkdirSync(`${segment}.unfinished`);
    for (const file of ["spans.parquet", "state_patches.parquet"])
      writeFileSync(join(`${segment}.unfinished`, file), "");
    expect(await run_sql("SELECT name FROM spans", path)).toEqual([["old"], ["old"]]);
    expect(await run_sql("SELECT count(*) FROM state_patches", path)).toEqual([["0"]]);
  });

  it("that the catalog did not hear of any more is taken in when it goes on behind the position", async () => {
    using earlier = temp_dir();
    cpSync(left.directory, earlier.path, { recursive: true });
    {
      await using store = await left.open();
      await append_spans(store, [span_init({ name: "newer" })]);
      await store.seal();
      left.position = store.durable_position("test");
    }
    for (const suffix of ["", ".wal"]) rmSync(path + suffix, { force: true });
    for (const suffix of ["", ".wal"]) cpSync(join(earlier.path, `traces.duckdb${suffix}`), path + suffix);
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["newer", "old", "old"]);
    expect(await store.position("test")).toEqual(left.position);
  });

  it("that nothing accounts for is taken in when it has rows that no other has", async () => {
    // A copy of it under another name, after rows that follow it: the catalog knows neither, nor has the copy a way ahead.
    const [name] = readdirSync(segments);
    {
      await using store = await left.open();
      await append_spans(store, [span_init({ name: "newer" })]);
      await store.seal();
      left.position = store.durable_position("test");
    }
    rename_segment(join(segments, name), "unexplained");
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["newer", "old", "old"]);
    expect(await store.position("test")).toEqual(left.position);
    expect(left.errors.map(({ msg }) => msg)).toEqual(["a segment is gone, and its spans with it"]);
  });

  it("that was to go, and whose process ended before it could, goes", async () => {
    {
      await using store = await left.open();
      await append_spans(store, [span_init({ name: "newer" })]);
      await store.seal();
    }
    // Names are in the order in which segments were made.
    const [oldest] = readdirSync(segments).sort();
    rename_segment(join(segments, oldest), "removed");
    writeFileSync(join(segments, "removed.obsolete"), "");
    writeFileSync(join(segments, "gone.obsolete"), "");
    await using store = await left.open();
    expect(await span_names(store)).toEqual(["newer"]);
    expect(readdirSync(segments)).toHaveLength(1);
  });

  it("that the catalog does not know, and whose rows another has, is a leftover and goes", async () => {
    const known = only_segment();
    const other = join(segments, "other");
    cpSync(known, other, { recursive: true });
    rename_segment(other, "leftover");
    await using store = await left.open();
    expect(readdirSync(segments)).toHaveLength(1);
    expect(await span_names(store)).toEqual(["old", "old"]);
  });
});
