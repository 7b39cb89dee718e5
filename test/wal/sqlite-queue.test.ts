import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { Database } from "bun:sqlite";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { create_metrics } from "../../src/observe/index.ts";
import { compare_ulids } from "../../src/wal/index.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { poll_until } from "../support/poll-until.ts";
import {
  make_sqlite_queue,
  SQLITE_QUEUE_HIGHEST_KEY as HIGHEST_KEY,
  sqlite_queue_body as body,
  sqlite_queue_key as key,
} from "../support/sqlite-queue.ts";
import { temp_queue, type TempQueue, texts } from "../support/temp-queue.ts";

const ERROR = 50;

let queue: TempQueue;
let path: string;
beforeEach(() => {
  queue = temp_queue();
  path = join(queue.directory, "queue.sqlite");
  mkdirSync(queue.directory, { recursive: true });
});
afterEach(() => queue[Symbol.dispose]());

const numbers = () => texts(queue.read()).map((text) => Number(text.split(" ")[0]));

function open_logged() {
  const { logger, lines } = collecting_logger();
  const metrics = create_metrics();
  const wal = queue.open({ logger, metrics, keys_above: key(500) });
  return { wal, errors: () => lines.filter(({ level }) => level >= ERROR), metrics };
}

const left_of_sqlite = () => readdirSync(queue.directory).filter((name) => name.startsWith("queue.sqlite"));

describe("the queue of an earlier release", () => {
  it.each([true, false])("is taken over under its own keys, and removed; with checksums: %p", async (has_checksums) => {
    make_sqlite_queue(path, 300, { has_checksums });
    const { wal, errors } = open_logged();
    await using _closing = wal;
    const entries = queue.read();
    expect(numbers()).toEqual(Array.from({ length: 300 }, (_, index) => index + 1));
    expect(entries.map(({ first_key }) => first_key)).toEqual(entries.map((_, index) => key(10 * (index + 1))));
    expect(entries.every(({ span_count, is_damaged }) => span_count === 2 && !is_damaged)).toBe(true);
    expect(errors()).toEqual([]);
    expect(left_of_sqlite()).toEqual([]);
    await wal.append(body(301), 1);
    expect(compare_ulids(queue.read()[300].first_key, HIGHEST_KEY)).toBeGreaterThan(0);
    expect(wal.queued_bytes).toBeGreaterThan(301 * body(1).length);
    wal.trim(queue.read()[300].last_key);
    await poll_until(() => wal.queued_bytes === 0, { what: "the trim" });
    expect(queue.read()).toEqual([]);
  });

  it("is taken over anew when a start has ended in the middle of that", async () => {
    make_sqlite_queue(path, 3);
    await queue.open()[Symbol.asyncDispose]();
    expect(numbers()).toEqual([1, 2, 3]);
    make_sqlite_queue(path, 5);
    await Bun.write(join(queue.directory, "taking-over"), "");
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(numbers()).toEqual([1, 2, 3, 4, 5]);
    expect(errors()).toEqual([]);
    expect(readdirSync(queue.directory).filter((name) => !name.endsWith(".wal"))).not.toContain("taking-over");
  });

  it("is gone when a start has ended just behind that, and what it held is there", async () => {
    make_sqlite_queue(path, 3);
    await queue.open()[Symbol.asyncDispose]();
    await Bun.write(join(queue.directory, "taking-over"), "");
    await using _wal = queue.open();
    expect(numbers()).toEqual([1, 2, 3]);
  });

  it("is kept aside where its keys lie among those of segments", async () => {
    make_sqlite_queue(path, 3);
    await queue.open()[Symbol.asyncDispose]();
    make_sqlite_queue(path, 3);
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(numbers()).toEqual([1, 2, 3]);
    expect(errors()).toEqual([expect.objectContaining({ entries: 0, lost_entries: 3 })]);
    expect(left_of_sqlite()).toHaveLength(1);
  });

  it("is kept aside when an entry of it is not what was queued, and the others are taken over", async () => {
    make_sqlite_queue(path, 3);
    {
      using database = new Database(path);
      database.run("UPDATE wal SET body = zeroblob(length(body)) WHERE rowid = 2");
    }
    const { wal, errors, metrics } = open_logged();
    await using _closing = wal;
    expect(numbers()).toEqual([1, 3]);
    expect(errors()).toEqual([expect.objectContaining({ entries: 2, lost_entries: 1, kept_as: expect.any(String) })]);
    expect(left_of_sqlite()).toEqual([expect.stringMatching(/^queue\.sqlite\.damaged-[\dTZ.]+$/)]);
    expect(await metrics.render()).toContain("junjo_traces_wal_corrupt_entries_total 1");
  });

  it("is kept aside when it is no database any more", async () => {
    await Bun.write(path, "garbage ".repeat(10_000));
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(errors()).toHaveLength(1);
    expect(existsSync(path)).toBe(false);
    expect(left_of_sqlite()).toHaveLength(1);
    await wal.append(body(1), 1);
    expect(numbers()).toEqual([1]);
  });

  it("is left alone while its server runs", async () => {
    make_sqlite_queue(path, 3);
    {
      using lock = new Database(`${path}.lock`);
      lock.run("BEGIN EXCLUSIVE");
      expect(() => queue.open()).toThrow(expect.objectContaining({ code: "in_use" }));
    }
    await using _wal = queue.open();
    expect(numbers()).toEqual([1, 2, 3]);
  });
});
