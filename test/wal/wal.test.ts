import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { create_metrics } from "../../src/observe/index.ts";
import { add_to_ulid, compare_ulids, type Ulid, type WalEntry, WalError } from "../../src/wal/index.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_queue, type TempQueue, texts } from "../support/temp-queue.ts";

let queue: TempQueue;
beforeEach(() => {
  queue = temp_queue();
});
afterEach(() => queue[Symbol.dispose]());

const RECORD_HEADER_BYTES = 40;
/** What these bodies take in the queue. */
const bytes_of = (...bodies: string[]) => bodies.reduce((sum, text) => sum + RECORD_HEADER_BYTES + text.length, 0);
const body = (text: string) => Buffer.from(text);
const refusal = (append: Promise<void>) =>
  append.then(
    () => "taken",
    (error: unknown) => (error instanceof WalError ? error.code : String(error)),
  );

describe("the queue", () => {
  it("gives back what was appended, in order, with consecutive keys for the spans of a request", async () => {
    await using wal = queue.open();
    await wal.append(body("one"), 1);
    await wal.append(body("three"), 3);
    await wal.append(body("two"), 2);
    const entries = queue.read();
    expect(texts(entries)).toEqual(["one", "three", "two"]);
    expect(entries.map(({ span_count }) => span_count)).toEqual([1, 3, 2]);
    for (const { first_key, last_key, span_count } of entries) {
      expect(compare_ulids(add_to_ulid(first_key, span_count - 1), last_key)).toBe(0);
    }
    for (const [index, entry] of entries.slice(1).entries()) {
      expect(compare_ulids(entry.first_key, entries[index].last_key)).toBeGreaterThan(0);
    }
    expect(wal.queued_bytes).toBe(bytes_of("one", "three", "two"));
  });

  it("survives being reopened", async () => {
    {
      await using wal = queue.open();
      await wal.append(body("before"), 2);
    }
    await using wal = queue.open();
    expect(wal.queued_bytes).toBe(bytes_of("before"));
    await wal.append(body("after"), 1);
    const [before, after] = queue.read();
    expect(texts([before, after])).toEqual(["before", "after"]);
    expect(compare_ulids(after.first_key, before.last_key)).toBeGreaterThan(0);
  });

  it("keeps every acknowledged request of a process that was killed", async () => {
    const script = `
      import { open_wal } from ${JSON.stringify(join(import.meta.dir, "../../src/wal/index.ts"))};
      const wal = open_wal({ directory: ${JSON.stringify(queue.directory)}, bytes_max: 1e9, disk_free_bytes_min: 0 });
      for (let i = 0; ; i++) { await wal.append(Buffer.from("request " + i), 1); console.log("acked " + i); }`;
    await using child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
    let acked = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      acked += text;
      if (acked.includes("acked 20\n")) child.kill("SIGKILL");
    }
    const last_acked = acked.split("\n").length - 2;
    await using wal = queue.open();
    expect(last_acked).toBeGreaterThanOrEqual(20);
    expect(texts(queue.read()).slice(0, last_acked + 1)).toEqual(
      Array.from({ length: last_acked + 1 }, (_, i) => `request ${i}`),
    );
    await wal.append(body("goes on"), 1);
    expect(texts(queue.read()).at(-1)).toBe("goes on");
  });

  it("makes rising keys when the clock steps back, also across a restart and a trim of everything", async () => {
    const keys: Ulid[] = [];
    const append_at = async (now_ms: number) => {
      await using wal = queue.open({ now_ms: () => now_ms });
      await wal.append(body("x"), 5);
      const { first_key, last_key } = queue.read().at(-1) as WalEntry;
      keys.push(first_key, last_key);
      wal.trim(last_key);
      await poll_until(() => queue.read().length === 0, { what: "the trim" });
    };
    for (const now_ms of [2_000_000, 1_000_000, 1, 2_000_000, 3_000_000]) await append_at(now_ms);
    for (const [index, key] of keys.slice(1).entries()) expect(compare_ulids(key, keys[index])).toBeGreaterThan(0);
    expect(Buffer.from(keys[8]).readUIntBE(0, 6)).toBe(3_000_000);
  });

  it("commits the requests that wait at the same time together", async () => {
    const metrics = create_metrics();
    let commits = 0;
    await using wal = queue.open({ metrics, on_commit: () => commits++ });
    await Promise.all(Array.from({ length: 50 }, (_, i) => wal.append(body(`${i}`), 1)));
    expect(commits).toBe(1);
    expect(texts(queue.read())).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
    expect(await metrics.render()).toContain("junjo_traces_wal_commit_requests_sum 50");
  });

  it("has a request on disk when it says so", async () => {
    await using wal = queue.open();
    await wal.append(body("there"), 1);
    expect(texts(queue.read())).toEqual(["there"]);
  });

  it("refuses what does not fit and takes it after a trim", async () => {
    await using wal = queue.open({ bytes_max: 60 });
    await wal.append(body("12345678"), 1);
    expect(await refusal(wal.append(body("90a"), 1))).toBe("full");
    expect(wal.queued_bytes).toBe(bytes_of("12345678"));
    wal.trim(queue.read()[0].last_key);
    await poll_until(() => wal.queued_bytes === 0, { what: "space" });
    await wal.append(body("90a"), 1);
    expect(texts(queue.read())).toEqual(["90a"]);
  });

  it("counts waiting requests, so that a burst can't overfill it", async () => {
    await using wal = queue.open({ bytes_max: 100 });
    const outcomes = await Promise.all(["1234", "5678", "90ab"].map((text) => refusal(wal.append(body(text), 1))));
    expect(outcomes).toEqual(["taken", "taken", "full"]);
  });

  it("refuses when the disk has too little room", async () => {
    await using wal = queue.open({ disk_free_bytes_min: Number.MAX_SAFE_INTEGER });
    expect(await refusal(wal.append(body("x"), 1))).toBe("disk_low");
    expect(queue.read()).toEqual([]);
  });

  it("commits what waits when it is closed and refuses what comes later", async () => {
    const wal = queue.open();
    const waiting = wal.append(body("waiting"), 1);
    await wal[Symbol.asyncDispose]();
    await waiting;
    expect(texts(queue.read())).toEqual(["waiting"]);
    expect(await refusal(wal.append(body("late"), 1))).toBe("closed");
  });

  it("can be opened for writing once", async () => {
    await using wal = queue.open();
    expect(() => queue.open()).toThrow(
      expect.objectContaining({ code: "in_use", message: expect.stringContaining(queue.directory) }),
    );
    await wal.append(body("still works"), 1);
    expect(texts(queue.read())).toEqual(["still works"]);
  });

  it("says which directory it can't open", async () => {
    await Bun.write(queue.directory, "a file");
    expect(() => queue.open()).toThrow(
      expect.objectContaining({ code: "cannot_open", message: expect.stringContaining(queue.directory) }),
    );
    rmSync(queue.directory);
    await using wal = queue.open();
    await wal.append(body("x"), 1);
    expect(queue.read()).toHaveLength(1);
  });

  it("gives keys above one that a reader holds, whatever the queue and the clock say", async () => {
    const keys_above = Uint8Array.of(0xfe, ...Array.from({ length: 14 }, () => 0), 0xff);
    await using wal = queue.open({ keys_above });
    await wal.append(body("x"), 1);
    expect(compare_ulids(queue.read()[0].first_key, keys_above)).toBeGreaterThan(0);
    expect(texts(queue.read(keys_above))).toEqual(["x"]);
  });

  it("is not opened where a later release has written", async () => {
    await queue.open()[Symbol.asyncDispose]();
    const [path] = queue.files();
    const header = Buffer.from(await Bun.file(path).arrayBuffer());
    header.writeUInt32LE(2, 8);
    header.writeUInt32LE(crc32(header.subarray(0, 48)), 48);
    await Bun.write(path, header);
    expect(() => queue.open()).toThrow(
      expect.objectContaining({ code: "cannot_open", message: expect.stringContaining("later release") }),
    );
  });
});
