import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { Database } from "bun:sqlite";
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { add_to_ulid, open_wal_reader, type Ulid } from "../../src/wal/index.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_queue, type TempQueue, texts } from "../support/temp-queue.ts";

const MIB = 1024 * 1024;

let queue: TempQueue;
beforeEach(() => {
  queue = temp_queue();
});
afterEach(() => queue[Symbol.dispose]());

const body = (text: string) => Buffer.from(text);

describe("trimming", () => {
  it("removes whole entries up to a key and leaves an entry that goes on behind it", async () => {
    await using wal = queue.open();
    for (const text of ["a", "b", "c", "d"]) await wal.append(body(text), 3);
    const [, , c] = queue.read();
    wal.trim(add_to_ulid(c.first_key, 1));
    await poll_until(() => queue.read().length === 2, { what: "the trim" });
    expect(texts(queue.read())).toEqual(["c", "d"]);
    wal.trim(c.last_key);
    await poll_until(() => queue.read().length === 1, { what: "the trim" });
    expect(wal.queued_bytes).toBe(1);
  });

  it("takes appends while thousands of entries go, and counts right", async () => {
    await using wal = queue.open();
    await Promise.all(Array.from({ length: 2_000 }, () => wal.append(body("old"), 1)));
    const through = queue.read().at(-1)?.last_key as Ulid;
    wal.trim(through);
    let appended = 0;
    await poll_until(
      async () => {
        await wal.append(body("new!"), 1);
        appended++;
        return texts(queue.read())[0] === "new!";
      },
      { what: "the trim" },
    );
    expect(texts(queue.read())).toEqual(Array.from({ length: appended }, () => "new!"));
    expect(wal.queued_bytes).toBe(4 * appended);
  });

  it("gives the disk back", async () => {
    await using wal = queue.open({ bytes_max: 1000 * MIB });
    const large = Buffer.alloc(4 * MIB, 7);
    for (let i = 0; i < 40; i++) await wal.append(large, 1);
    wal.trim(queue.read().at(-1)?.last_key as Ulid);
    const disk_bytes = () => {
      using other = new Database(queue.path, { readonly: true });
      const { page_count } = other.query<{ page_count: number }, []>("PRAGMA page_count").get() ?? { page_count: 0 };
      return page_count * 16_384;
    };
    await poll_until(() => disk_bytes() < 70 * MIB, { what: "a smaller file" });
    expect(wal.queued_bytes).toBe(0);
  });

  it("keeps its count when it is reopened", async () => {
    {
      await using wal = queue.open();
      for (const text of ["one", "two"]) await wal.append(body(text), 1);
      wal.trim(queue.read()[0].last_key);
      await poll_until(() => queue.read().length === 1, { what: "the trim" });
    }
    await using wal = queue.open();
    expect(wal.queued_bytes).toBe(3);
  });

  it("leaves nothing but the queue in its directory once it is closed", async () => {
    const wal = queue.open();
    await wal.append(body("x"), 1);
    await wal[Symbol.asyncDispose]();
    expect(readdirSync(dirname(queue.path)).sort()).toEqual(["queue.sqlite", "queue.sqlite.lock"]);
    expect(statSync(queue.path).size).toBeGreaterThan(0);
  });
});

describe("a reader", () => {
  it("goes on behind a key, in the middle of an entry too", async () => {
    await using wal = queue.open();
    for (const text of ["a", "b", "c"]) await wal.append(body(text), 3);
    const [a, b] = queue.read();
    expect(texts(queue.read(add_to_ulid(a.first_key, 1)))).toEqual(["a", "b", "c"]);
    expect(texts(queue.read(a.last_key))).toEqual(["b", "c"]);
    expect(texts(queue.read(b.first_key))).toEqual(["b", "c"]);
    expect(texts(queue.read(new Uint8Array(16)))).toEqual(["a", "b", "c"]);
    expect(texts(queue.read(new Uint8Array(16).fill(0xff)))).toEqual([]);
  });

  it("stops before a maximum is passed, but gives one entry", async () => {
    await using wal = queue.open();
    for (const text of ["aaaa", "bb", "cc", "dd"]) await wal.append(body(text), 2);
    expect(texts(queue.read(null, { span_count_max: 5, bytes_max: 100 }))).toEqual(["aaaa", "bb"]);
    expect(texts(queue.read(null, { span_count_max: 6, bytes_max: 100 }))).toEqual(["aaaa", "bb", "cc"]);
    expect(texts(queue.read(null, { span_count_max: 100, bytes_max: 7 }))).toEqual(["aaaa", "bb"]);
    expect(texts(queue.read(null, { span_count_max: 1, bytes_max: 1 }))).toEqual(["aaaa"]);
  });

  it("refuses a file that isn't there", () => {
    expect(() => open_wal_reader(queue.path)).toThrow(expect.objectContaining({ code: "cannot_open" }));
  });

  it("sees what another thread writes, while it writes", async () => {
    await using wal = queue.open();
    const script = `
      import { open_wal_reader } from ${JSON.stringify(join(import.meta.dir, "../../src/wal/index.ts"))};
      const reader = open_wal_reader(${JSON.stringify(queue.path)});
      self.onmessage = () => postMessage(
        reader.read(null, { span_count_max: 1e9, bytes_max: 1e9 }).map(({ body }) => new TextDecoder().decode(body)));`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "application/typescript" })));
    const ask = () =>
      new Promise<string[]>((resolve, reject) => {
        worker.addEventListener("message", ({ data }: MessageEvent<string[]>) => resolve(data), { once: true });
        worker.addEventListener("error", ({ message }) => reject(new Error(message)), { once: true });
        worker.postMessage("read");
      });
    for (const expected of [["0"], ["0", "1"], ["0", "1", "2"]]) {
      await wal.append(body(expected.at(-1) ?? ""), 1);
      expect(await ask()).toEqual(expected);
    }
    worker.terminate();
  });
});
