import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { Database } from "bun:sqlite";
import { closeSync, copyFileSync, mkdirSync, openSync, readdirSync, statSync, truncateSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { create_metrics } from "../../src/observe/index.ts";
import { compare_ulids, type WalEntry } from "../../src/wal/index.ts";
import { collecting_logger, type LogLine } from "../support/collecting-logger.ts";
import { temp_queue, type TempQueue, texts } from "../support/temp-queue.ts";

const BODY_BYTES = 100_000;
const PAGE_BYTES = 16 * 1024;

let queue: TempQueue;
let killed: TempQueue;
beforeEach(() => {
  queue = temp_queue();
  killed = temp_queue();
});
afterEach(() => {
  queue[Symbol.dispose]();
  killed[Symbol.dispose]();
});

/** A body that fills several pages. */
const body = (text: string) => Buffer.alloc(BODY_BYTES, `${text} `);
const first_words = (entries: readonly WalEntry[]) => texts(entries).map((text) => text.split(" ")[0]);

function open_logged(from = queue) {
  const { logger, lines } = collecting_logger();
  const metrics = create_metrics();
  return { wal: from.open({ logger, metrics }), errors: () => lines.filter(is_error), metrics };
}
const is_error = ({ level }: LogLine) => level >= 50;

/** Queues these in entries of their own and closes the queue: all of it is in the main file. */
async function queue_texts(...all: string[]): Promise<WalEntry[]> {
  await using wal = queue.open();
  for (const text of all) await wal.append(body(text), 2);
  return queue.read();
}

/** What kill -9 leaves of a queue with these entries: they are in the log, and the main file is as it was made. */
async function kill_after(...all: string[]): Promise<WalEntry[]> {
  await using wal = queue.open();
  for (const text of all) await wal.append(body(text), 2);
  mkdirSync(dirname(killed.path), { recursive: true });
  for (const suffix of ["", "-wal"]) copyFileSync(queue.path + suffix, killed.path + suffix);
  return queue.read();
}

function overwrite(path: string, at: number, bytes = Buffer.alloc(64, 0x5a)): void {
  const file = openSync(path, "r+");
  writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

/** Where in the file a body's bytes are. */
const place_of = async (path: string, text: string) =>
  Buffer.from(await Bun.file(path).arrayBuffer()).indexOf(`${text} ${text} ${text}`);

/** Where a page of this body says on which page it goes on. */
async function link_of(path: string, text: string): Promise<number> {
  const file = Buffer.from(await Bun.file(path).arrayBuffer());
  for (let page = 0; page < file.length; page += PAGE_BYTES) {
    const is_of_body = file.subarray(page + 4, page + 24).includes(`${text} ${text}`);
    if (is_of_body && file.readUInt32BE(page) > 0) return page;
  }
  throw new Error(`no page of "${text}" goes on`);
}

const names_beside = (path: string) => readdirSync(dirname(path)).filter((name) => name.includes(".damaged-"));

describe("an entry whose bytes are not those that were queued", () => {
  it("comes as damaged, and the others as they were", async () => {
    const before = await queue_texts("one", "two", "three");
    using database = new Database(queue.path);
    database.run("UPDATE wal SET body = zeroblob(length(body)) WHERE rowid = 2");
    const after = queue.read();
    expect(after.map(({ is_damaged }) => is_damaged)).toEqual([false, true, false]);
    expect([after[0], after[2]]).toEqual([before[0], before[2]]);
    expect(after[1].last_key).toEqual(before[1].last_key);
  });

  it.each([1, 0, 1_000_000_000])("holds up none of the others when its count has become %i", async (span_count) => {
    await queue_texts("one", "two", "three");
    using database = new Database(queue.path);
    database.run("UPDATE wal SET span_count = ? WHERE rowid < 3", [span_count]);
    const seen: string[] = [];
    let after: WalEntry | undefined;
    for (let reads = 0; reads < 3; reads++) {
      [after] = queue.read(after?.last_key ?? null, { span_count_max: 1, bytes_max: 1 });
      seen.push(...first_words([after]));
    }
    expect(seen).toEqual(["one", "two", "three"]);
    expect(after?.is_damaged).toBe(false);
  });

  it("is passed over where its pages can't be read at all", async () => {
    const before = await queue_texts("one", "two", "three");
    overwrite(queue.path, await link_of(queue.path, "two"), Buffer.alloc(4, 0xff));
    const after = queue.read();
    expect(after.map(({ is_damaged }) => is_damaged)).toEqual([false, true, false]);
    expect(after.map(({ last_key }) => last_key)).toEqual(before.map(({ last_key }) => last_key));
  });

  it("is counted and told of when the queue is opened", async () => {
    await queue_texts("one", "two");
    overwrite(queue.path, (await place_of(queue.path, "two")) + 10);
    const { wal, errors, metrics } = open_logged();
    await using _closing = wal;
    expect(errors()).toEqual([expect.objectContaining({ damaged_entries: 1, path: queue.path })]);
    expect(await metrics.render()).toContain("junjo_traces_wal_corrupt_entries_total 1");
  });

  it("is not looked for where an earlier release queued it without a checksum", async () => {
    await queue_texts("one");
    {
      using database = new Database(queue.path);
      database.run("ALTER TABLE wal DROP COLUMN checksum");
    }
    await queue_texts("two");
    const entries = queue.read();
    expect(first_words(entries)).toEqual(["one", "two"]);
    expect(entries.map(({ is_damaged }) => is_damaged)).toEqual([false, false]);
  });
});

describe("a queue whose file is damaged", () => {
  it("is begun anew when nothing of it can be read, with keys above all that it gave", async () => {
    const before = await queue_texts("one", "two");
    overwrite(queue.path, 0, Buffer.alloc(PAGE_BYTES, "garbage "));
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(errors()).toEqual([expect.objectContaining({ salvaged_entries: 0, kept_as: expect.any(String) })]);
    expect(names_beside(queue.path)).toHaveLength(1);
    await wal.append(body("three"), 1);
    const [three] = queue.read();
    expect(compare_ulids(three.first_key, before[1].last_key)).toBeGreaterThan(0);
  });

  it("is begun anew when its tables can't be found, and the new one's log outlives the old one", async () => {
    await queue_texts("one", "two");
    // Behind the header of 100 bytes: the schema.
    overwrite(queue.path, 100, Buffer.alloc(400, 0x5a));
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(errors()).toHaveLength(1);
    await wal.append(body("three"), 1);
    Bun.gc(true);
    await wal.append(body("four"), 1);
    expect(first_words(queue.read())).toEqual(["three", "four"]);
    expect(statSync(`${queue.path}-wal`).size).toBeGreaterThan(2 * BODY_BYTES);
  });

  it("keeps every entry that can be read, under its own key", async () => {
    const before = await queue_texts("one", "two", "three", "four");
    overwrite(queue.path, await link_of(queue.path, "two"), Buffer.alloc(4, 0xff));
    const { wal, errors, metrics } = open_logged();
    await using _closing = wal;
    expect(queue.read()).toEqual([before[0], before[2], before[3]]);
    expect(errors()).toEqual([expect.objectContaining({ salvaged_entries: 3, lost_entries: 1 })]);
    expect(await metrics.render()).toContain("junjo_traces_wal_corrupt_entries_total 1");
    expect(wal.queued_bytes).toBe(3 * BODY_BYTES);
    await wal.append(body("five"), 1);
    expect(compare_ulids(queue.read()[3].first_key, before[3].last_key)).toBeGreaterThan(0);
  });
});

describe("the log that kill -9 leaves", () => {
  it("gives back all of it when it is whole", async () => {
    const before = await kill_after("one", "two", "three");
    const { wal, errors } = open_logged(killed);
    await using _closing = wal;
    expect(killed.read()).toEqual(before);
    expect(errors()).toEqual([]);
  });

  it("is cut where a write was torn: of what is before that nothing is lost, and nothing is said", async () => {
    const before = await kill_after("one", "two", "three");
    truncateSync(`${killed.path}-wal`, statSync(`${killed.path}-wal`).size - PAGE_BYTES / 2);
    const { wal, errors } = open_logged(killed);
    await using _closing = wal;
    expect(killed.read()).toEqual(before.slice(0, 2));
    expect(errors()).toEqual([]);
  });

  it("loses what was acknowledged behind a changed byte, which is said, and keeps what is before it", async () => {
    const before = await kill_after("one", "two", "three");
    overwrite(`${killed.path}-wal`, (await place_of(`${killed.path}-wal`, "two")) + 10, Buffer.from("!"));
    const { wal, errors } = open_logged(killed);
    await using _closing = wal;
    expect(killed.read()).toEqual(before.slice(0, 1));
    expect(errors()).toEqual([expect.objectContaining({ lost_pages: expect.any(Number) })]);
    expect(errors()[0].lost_pages).toBeGreaterThanOrEqual(7);
    expect(names_beside(killed.path)).toEqual([expect.stringMatching(/^queue\.sqlite\.damaged-[\dTZ.]+-wal$/)]);
    await wal.append(body("four"), 1);
    expect(compare_ulids(killed.read()[1].first_key, before[2].last_key)).toBeGreaterThan(0);
  });

  it("is known as lost when it begins with garbage", async () => {
    await kill_after("one", "two");
    overwrite(`${killed.path}-wal`, 0);
    const { wal, errors } = open_logged(killed);
    await using _closing = wal;
    expect(killed.read()).toEqual([]);
    expect(errors()).toHaveLength(1);
  });

  it("is not called damaged for what an earlier round has left behind its end", async () => {
    await using wal = queue.open();
    for (let i = 0; i < 30; i++) await wal.append(body(`old-${i}`), 1);
    {
      using database = new Database(queue.path);
      database.run("PRAGMA wal_checkpoint(RESTART)");
    }
    await wal.append(body("new"), 1);
    mkdirSync(dirname(killed.path), { recursive: true });
    for (const suffix of ["", "-wal"]) copyFileSync(queue.path + suffix, killed.path + suffix);
    const { wal: again, errors } = open_logged(killed);
    await using _closing = again;
    expect(killed.read()).toHaveLength(31);
    expect(errors()).toEqual([]);
  });
});
