import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { cpSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { is_obsolete_mark } from "../../src/store/duckdb/segments/segment-directory.ts";
import { open_store, type SpanStore } from "../../src/store/index.ts";
import { collecting_logger, type LogLine } from "../support/collecting-logger.ts";
import { span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { ALL, append_spans, open_test_store, page_rows, STORE_OPTIONS } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const ERROR = 50;

describe("segments that were merged", () => {
  let alive: TempDir;
  let left: TempDir;
  let lines: LogLine[];
  beforeEach(() => {
    [alive, left] = [temp_dir(), temp_dir()];
  });
  afterEach(() => {
    for (const directory of [alive, left]) directory[Symbol.dispose]();
  });

  const errors = () => lines.filter(({ level }) => level >= ERROR);
  /** What a process has left behind that died just now, but for what was lost. */
  function open_left(is_lost: (name: string) => boolean): Promise<SpanStore> {
    cpSync(alive.path, left.path, { recursive: true, filter: (name) => !is_lost(name) });
    const { logger, lines: collected } = collecting_logger();
    lines = collected;
    return open_store({ path: join(left.path, "traces.duckdb"), ...STORE_OPTIONS }, logger);
  }
  async function names(store: SpanStore): Promise<string[]> {
    const rows = await page_rows(store.list("roots", "shop", ALL));
    return rows.map(({ name }) => String(name)).sort();
  }
  async function seal_each(store: SpanStore, span_names: readonly string[]): Promise<void> {
    for (const name of span_names) {
      await append_spans(store, [span_init({ name })]);
      await store.seal();
      await store.tidy();
    }
  }
  const segments_of = ({ path }: TempDir) =>
    readdirSync(join(path, "segments")).filter((name) => !is_obsolete_mark(name));
  const until_segments_are = (count: number) =>
    poll_until(() => segments_of(alive).length === count, { what: `${count} segments` });

  it("cost nothing when DuckDB's log is lost, since their files stay until the file itself says so", async () => {
    {
      await using store = await open_test_store(alive.path);
      await seal_each(store, ["a", "b", "c"]);
    }
    await using store = await open_test_store(alive.path);
    await seal_each(store, ["d"]);
    await until_segments_are(1);

    await using found = await open_left((name) => name.endsWith(".wal"));
    expect(await names(found)).toEqual(["a", "b", "c", "d"]);
    expect(errors()).toEqual([]);
  });

  it("and merged again are there once when the file is lost while somebody still reads the first of them", async () => {
    const letters = [..."abcdefghijklmnop"];
    await using store = await open_test_store(alive.path);
    await seal_each(store, letters.slice(0, 3));
    using _lease = await store.lease();
    await seal_each(store, letters.slice(3));
    await until_segments_are(5);

    await using found = await open_left((name) => name.includes("traces.duckdb"));
    expect(await names(found)).toEqual(letters);
    expect(segments_of(left)).toHaveLength(1);
  });
});
