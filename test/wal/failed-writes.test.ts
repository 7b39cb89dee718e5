import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { compare_ulids, open_wal, open_wal_reader, type Wal, type WalEntry, WalError } from "../../src/wal/index.ts";
import { open_disk } from "../crash/disk.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_queue, type TempQueue, texts } from "../support/temp-queue.ts";

let queue: TempQueue;
beforeEach(() => {
  queue = temp_queue();
});
afterEach(() => queue[Symbol.dispose]());

const body = (text: string) => Buffer.from(text);
const refusal = (append: Promise<void>) =>
  append.then(
    () => "taken",
    (error: unknown) => (error instanceof WalError ? error.code : String(error)),
  );

describe("a queue whose directory is removed under it", () => {
  it("takes nothing into files that nobody would find, and goes on when there is a directory again", async () => {
    await using wal = queue.open();
    await wal.append(body("first"), 1);
    const { queued_bytes } = wal;
    rmSync(queue.directory, { recursive: true });
    const refused = ["a", "b"].map((text) => refusal(wal.append(body(text), 1)));
    expect(await Promise.all(refused)).toEqual(["write_failed", "write_failed"]);
    expect(await refusal(wal.append(body("c"), 1))).toBe("write_failed");
    expect(wal.queued_bytes).toBe(queued_bytes);
    mkdirSync(queue.directory);
    await wal.append(body("second"), 1);
    expect(texts(queue.read())).toEqual(["second"]);
  });

  it("trims nothing that is not there, and says so", async () => {
    const { logger, lines } = collecting_logger();
    await using wal = queue.open({ logger });
    await wal.append(body("first"), 1);
    const [{ last_key }] = queue.read();
    renameSync(queue.directory, `${queue.directory}.away`);
    wal.trim(last_key);
    await poll_until(() => lines.length === 1, { what: "word of it" });
    expect(lines[0].msg).toBe("the queue could not be trimmed");
    renameSync(`${queue.directory}.away`, queue.directory);
    wal.trim(last_key);
    await poll_until(() => queue.read().length === 0, { what: "the trim" });
    await wal.append(body("second"), 1);
    expect(texts(queue.read())).toEqual(["second"]);
  });
});

describe("a queue on a disk that is full for a while", () => {
  const MIB = 1024 * 1024;

  function open_on(data_dir: string) {
    mkdirSync(data_dir, { recursive: true });
    const directory = join(data_dir, "wal");
    const wal = open_wal({ directory, bytes_max: 400 * MIB, disk_free_bytes_min: 0 });
    const read = (): WalEntry[] => {
      using reader = open_wal_reader(directory);
      return reader.read(null, { span_count_max: Infinity, bytes_max: Infinity });
    };
    return { wal, read };
  }

  async function refused_until_room(wal: Wal, read: () => WalEntry[]): Promise<void> {
    const before = read();
    const { queued_bytes } = wal;
    const bodies = Array.from({ length: 3 }, (_, index) => Buffer.alloc(MIB, `${index}`));
    const outcomes = await Promise.all(bodies.map((bytes) => refusal(wal.append(bytes, 1))));
    expect(outcomes).toEqual(["write_failed", "write_failed", "write_failed"]);
    expect(wal.queued_bytes).toBe(queued_bytes);
    expect(read()).toEqual(before);
  }

  it("keeps nothing of what it could not write, gives the room back, and goes on", async () => {
    using disk = open_disk();
    if (disk.faults === null) return console.log("skipped, since nothing can be mounted here");
    const { wal, read } = open_on(disk.data_dir);
    await using _closing = wal;
    await wal.append(body("first"), 1);
    const [first] = read();
    disk.faults.fill();
    for (let i = 0; i < 5; i++) await refused_until_room(wal, read);
    await wal.append(body("small enough"), 1);
    disk.faults.make_room();
    await wal.append(body("second"), 1);
    expect(texts(read())).toEqual(["first", "small enough", "second"]);
    for (const entry of read().slice(1)) expect(compare_ulids(entry.first_key, first.last_key)).toBeGreaterThan(0);
    expect(read().every(({ is_damaged }) => !is_damaged)).toBe(true);
  });

  it("keeps nothing on a disk that has become read-only, and goes on when that is over", async () => {
    using disk = open_disk();
    if (disk.faults === null) return console.log("skipped, since nothing can be mounted here");
    const { wal, read } = open_on(disk.data_dir);
    await wal.append(body("first"), 1);
    await wal[Symbol.asyncDispose]();
    disk.faults.make_read_only();
    expect(() => open_on(disk.data_dir)).toThrow(expect.objectContaining({ code: "cannot_open" }));
    expect(texts(read())).toEqual(["first"]);
    disk.faults.make_writable();
    const again = open_on(disk.data_dir);
    await using _closing = again.wal;
    await again.wal.append(body("second"), 1);
    expect(texts(again.read())).toEqual(["first", "second"]);
  });

  it("begins no segment that it can't write, and leaves no trace of it", async () => {
    using disk = open_disk();
    if (disk.faults === null) return console.log("skipped, since nothing can be mounted here");
    const { wal, read } = open_on(disk.data_dir);
    await using _closing = wal;
    // Fuller than a segment may be, so that the next one would begin another.
    await wal.append(Buffer.alloc(50 * MIB), 1);
    disk.faults.fill();
    for (let i = 0; i < 5; i++) expect(await refusal(wal.append(Buffer.alloc(MIB), 1))).toBe("write_failed");
    disk.faults.make_room();
    await wal.append(body("second"), 1);
    expect(read().map(({ body: { length } }) => length)).toEqual([50 * MIB, 6]);
    expect(statSync(join(disk.data_dir, "wal")).isDirectory()).toBe(true);
  });
});
