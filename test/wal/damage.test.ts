import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import {
  closeSync,
  copyFileSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { create_metrics } from "../../src/observe/index.ts";
import { add_to_ulid, compare_ulids, type WalEntry } from "../../src/wal/index.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { temp_queue, type TempQueue, texts } from "../support/temp-queue.ts";

const SEGMENT_HEADER_BYTES = 52;
const RECORD_HEADER_BYTES = 40;
const ERROR = 50;

let queue: TempQueue;
beforeEach(() => {
  queue = temp_queue();
});
afterEach(() => queue[Symbol.dispose]());

/** A body of some kilobytes that begins with its name. */
const body = (name: string) => Buffer.from(`${name} `.repeat(1_000));
const names = (entries: readonly WalEntry[]) => texts(entries).map((text) => text.split(" ")[0]);
const damaged = (entries: readonly WalEntry[]) => entries.map(({ is_damaged }) => is_damaged);

/** Queues each in a commit of its own and closes the queue. Gives the entries, and where their records begin. */
async function queue_names(...all: string[]): Promise<{ path: string; entries: WalEntry[]; offsets: number[] }> {
  {
    await using wal = queue.open();
    for (const name of all) await wal.append(body(name), 2);
  }
  let offset = SEGMENT_HEADER_BYTES;
  const offsets = all.map((name) => (offset += RECORD_HEADER_BYTES + body(name).length));
  return {
    path: queue.files().at(-1) ?? "",
    entries: queue.read(),
    offsets: [SEGMENT_HEADER_BYTES, ...offsets.slice(0, -1)],
  };
}

function overwrite(path: string, at: number, bytes = Buffer.alloc(8, 0x5a)): void {
  const file = readFileSync(path);
  file.set(bytes, at);
  writeFileSync(path, file);
}

/** It is another one afterwards, whatever it was. */
function change_byte(path: string, at: number): void {
  overwrite(path, at, Buffer.of(readFileSync(path)[at] ^ 0xff));
}

function open_logged() {
  const { logger, lines } = collecting_logger();
  const metrics = create_metrics();
  return {
    wal: queue.open({ logger, metrics }),
    lines,
    errors: () => lines.filter(({ level }) => level >= ERROR),
    metrics,
  };
}

/** Reads before the queue is opened again, when nothing says how long the segment is, and after. */
async function read_twice(): Promise<[WalEntry[], WalEntry[]]> {
  const before = queue.read();
  await queue.open()[Symbol.asyncDispose]();
  return [before, queue.read()];
}

describe("bytes that have changed where others follow", () => {
  it("make an entry that is damaged, under its own keys, when they are in its body", async () => {
    const { path, entries, offsets } = await queue_names("one", "two", "three");
    overwrite(path, offsets[1] + RECORD_HEADER_BYTES + 100);
    for (const read of await read_twice()) {
      expect(damaged(read)).toEqual([false, true, false]);
      expect(read.map(({ first_key, last_key }) => [first_key, last_key])).toEqual(
        entries.map(({ first_key, last_key }) => [first_key, last_key]),
      );
      expect([read[0], read[2]]).toEqual([entries[0], entries[2]]);
    }
  });

  it.each(Array.from({ length: RECORD_HEADER_BYTES / 4 }, (_, index) => index * 4))(
    "make one damaged entry, in front of the next, when they are byte %d of a record's header",
    async (at) => {
      const { path, entries, offsets } = await queue_names("one", "two", "three");
      change_byte(path, offsets[1] + at);
      for (const read of await read_twice()) {
        expect(damaged(read)).toEqual([false, true, false]);
        expect([read[0], read[2]]).toEqual([entries[0], entries[2]]);
        const lost_key = add_to_ulid(entries[0].last_key, 1);
        expect(read[1]).toMatchObject({ first_key: lost_key, last_key: lost_key, span_count: 1 });
      }
    },
  );

  it("make one damaged entry, however many records they were", async () => {
    const { path, entries, offsets } = await queue_names("one", "two", "three", "four", "five");
    overwrite(path, offsets[1], Buffer.alloc(offsets[4] - offsets[1]));
    for (const read of await read_twice()) {
      expect(damaged(read)).toEqual([false, true, false]);
      expect([read[0], read[2]]).toEqual([entries[0], entries[4]]);
    }
  });

  it("hold up nothing at the beginning of a segment", async () => {
    const { path, entries, offsets } = await queue_names("one", "two");
    overwrite(path, 0, Buffer.alloc(offsets[1] - 10, "garbage"));
    for (const read of await read_twice()) {
      expect(damaged(read)).toEqual([true, false]);
      expect(read[1]).toEqual(entries[1]);
    }
  });

  it("cost nothing when they are the segment's own header", async () => {
    const { path, entries } = await queue_names("one", "two");
    overwrite(path, 20);
    for (const read of await read_twice()) expect(read).toEqual(entries);
  });

  it("are found while the writer goes on, and hold up nothing of what it writes", async () => {
    await using wal = queue.open();
    for (const name of ["one", "two", "three"]) await wal.append(body(name), 1);
    const [path] = queue.files();
    const second = SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + body("one").length;
    const bytes = readFileSync(path);
    for (const at of [second + RECORD_HEADER_BYTES + 5, second + 5]) {
      bytes[at] ^= 0xff;
      const file = openSync(path, "r+");
      writeSync(file, bytes, at, 1, at);
      closeSync(file);
      const read = queue.read();
      expect(names(read)[0]).toBe("one");
      expect(damaged(read).slice(0, 3)).toEqual([false, true, false]);
    }
    await wal.append(body("four"), 1);
    expect(names(queue.read()).slice(2)).toEqual(["three", "four"]);
  });

  it("are counted and told of, with their place, when the queue is opened, and stay as they are", async () => {
    const { path, offsets } = await queue_names("one", "two", "three", "four");
    overwrite(path, offsets[1] + RECORD_HEADER_BYTES + 100);
    overwrite(path, offsets[2]);
    const before = readFileSync(path);
    const { wal, errors, metrics } = open_logged();
    await using _closing = wal;
    expect(errors()).toEqual([expect.objectContaining({ path, offset: offsets[1], damaged_entries: 2 })]);
    expect(await metrics.render()).toContain("junjo_traces_wal_corrupt_entries_total 2");
    expect(readFileSync(path)).toEqual(before);
  });

  it("are not taken for a record when a request has carried one", async () => {
    const { path } = await queue_names("one");
    const record = readFileSync(path).subarray(SEGMENT_HEADER_BYTES);
    await using wal = queue.open();
    await wal.append(Buffer.concat([Buffer.alloc(100), record]), 1);
    await wal.append(body("three"), 1);
    overwrite(queue.files()[1], SEGMENT_HEADER_BYTES + 4);
    const read = queue.read();
    expect(damaged(read)).toEqual([false, true, false]);
    expect(names(read)[2]).toBe("three");
  });
});

describe("the end of what a killed writer has left", () => {
  it("is cut at any byte of its last record, in silence, and what is before it stays", async () => {
    {
      await using wal = queue.open();
      for (const name of ["one", "two"]) await wal.append(body(name), 1);
      await wal.append(Buffer.from("three"), 2);
    }
    const [path] = queue.files();
    const entries = queue.read();
    const whole = readFileSync(path);
    const last_bytes = RECORD_HEADER_BYTES + "three".length;
    for (let kept = 0; kept < last_bytes; kept++) {
      for (const garbage of [0, 100]) {
        using torn = temp_queue();
        await torn.open()[Symbol.asyncDispose]();
        truncateSync(torn.files()[0], 0);
        const end = whole.length - last_bytes + kept;
        const target = path.replace(queue.directory, torn.directory);
        writeFileSync(target, Buffer.concat([whole.subarray(0, end), Buffer.alloc(garbage, 0xee)]));
        const { logger, lines } = collecting_logger();
        await using wal = torn.open({ logger });
        expect(lines.filter(({ level }) => level >= ERROR)).toEqual([]);
        expect(torn.read()).toEqual(entries.slice(0, 2));
        await wal.append(Buffer.from("next"), 1);
        const [, , next] = torn.read();
        expect(Buffer.from(next.body).toString()).toBe("next");
        expect(compare_ulids(next.first_key, entries[2].last_key)).toBeGreaterThan(0);
      }
    }
  }, 30_000);

  it("is cut where a commit's first bytes are missing, whatever of the rest has come to disk", async () => {
    {
      await using wal = queue.open();
      await wal.append(body("one"), 1);
      await Promise.all(["two", "three", "four"].map((name) => wal.append(body(name), 1)));
    }
    const [path] = queue.files();
    overwrite(path, SEGMENT_HEADER_BYTES + RECORD_HEADER_BYTES + body("one").length, Buffer.alloc(1_000));
    const { wal, lines, errors } = open_logged();
    await using _closing = wal;
    expect(names(queue.read())).toEqual(["one"]);
    expect(errors()).toEqual([]);
    expect(lines).toEqual([expect.objectContaining({ path, torn_bytes: expect.any(Number) })]);
  });

  it("is not called damaged by later starts", async () => {
    const { path, entries } = await queue_names("one", "two");
    truncateSync(path, readFileSync(path).length - 10);
    await queue.open()[Symbol.asyncDispose]();
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(errors()).toEqual([]);
    expect(queue.read()).toEqual([entries[0]]);
  });
});

describe("a segment behind which another was begun", () => {
  async function begin_another(): Promise<void> {
    // Those in which nothing is are removed by and by.
    for (let i = 0; i < 3; i++) await queue.open()[Symbol.asyncDispose]();
    await using wal = queue.open();
    await wal.append(body("later"), 1);
  }

  it.each([0, RECORD_HEADER_BYTES + 10])("has no torn end: byte %d of its last record is damage", async (at) => {
    const { path, offsets } = await queue_names("one", "two");
    await begin_another();
    overwrite(path, offsets[1] + at);
    const read = queue.read();
    expect(damaged(read)).toEqual([false, true, false]);
    expect([names(read)[0], names(read)[2]]).toEqual(["one", "later"]);
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(errors()).toHaveLength(1);
  });

  it("misses what was cut off", async () => {
    const { path, offsets } = await queue_names("one", "two", "three");
    await begin_another();
    truncateSync(path, offsets[1] + 7);
    const read = queue.read();
    expect(damaged(read)).toEqual([false, true, false]);
    expect(names(read)[2]).toBe("later");
    truncateSync(path, 0);
    const { wal, errors } = open_logged();
    await using _closing = wal;
    expect(errors()).toHaveLength(1);
    expect(damaged(queue.read())).toEqual([true, false]);
  });

  it("is not taken for what its name says when it is another's copy", async () => {
    const { path } = await queue_names("one");
    await begin_another();
    const second = queue.files().at(-1) ?? "";
    await begin_another();
    copyFileSync(path, second);
    const read = queue.read();
    expect(damaged(read)).toEqual([false, true, false]);
    expect([names(read)[0], names(read)[2]]).toEqual(["one", "later"]);
  });

  it("may be gone without harm to the others", async () => {
    await queue_names("one");
    await begin_another();
    const second = queue.files().at(-1) ?? "";
    await begin_another();
    rmSync(second);
    expect(names(queue.read())).toEqual(["one", "later"]);
  });
});
