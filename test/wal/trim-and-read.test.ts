import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { add_to_ulid, open_wal_reader, ReadMemory, type Ulid, type WalEntry } from "../../src/wal/index.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_queue, type TempQueue, texts } from "../support/temp-queue.ts";

const MIB = 1024 * 1024;

let queue: TempQueue;
beforeEach(() => {
  queue = temp_queue();
});
afterEach(() => queue[Symbol.dispose]());

const RECORD_HEADER_BYTES = 40;
const body = (text: string) => Buffer.from(text);

/** So small that each request has a segment of its own. */
const TINY_SEGMENTS = { bytes_max: 400 };

describe("trimming", () => {
  it("removes whole segments up to a key and leaves one that goes on behind it", async () => {
    await using wal = queue.open(TINY_SEGMENTS);
    for (const text of ["a", "b", "c", "d"]) await wal.append(body(text), 3);
    const [, , c] = queue.read();
    wal.trim(add_to_ulid(c.first_key, 1));
    await poll_until(() => queue.read().length === 2, { what: "the trim" });
    expect(texts(queue.read())).toEqual(["c", "d"]);
    wal.trim(c.last_key);
    await poll_until(() => wal.queued_bytes === RECORD_HEADER_BYTES + 1, { what: "the trim" });
    expect(texts(queue.read())).toEqual(["d"]);
  });

  it("keeps a segment as long as one of its entries is needed", async () => {
    await using wal = queue.open();
    for (const text of ["a", "b"]) await wal.append(body(text), 1);
    const [a, b] = queue.read();
    wal.trim(a.last_key);
    wal.trim(b.last_key);
    await poll_until(() => queue.read().length === 0, { what: "the trim" });
    await wal.append(body("c"), 1);
    await wal.append(body("d"), 1);
    const [c] = queue.read();
    wal.trim(c.last_key);
    await wal.append(body("e"), 1);
    await wal[Symbol.asyncDispose]();
    expect(texts(queue.read())).toEqual(["c", "d", "e"]);
  });

  it("takes appends while many segments go, and counts right", async () => {
    await using wal = queue.open({ bytes_max: 80_000 });
    await Promise.all(Array.from({ length: 1_500 }, () => wal.append(body("old"), 1)));
    await wal.append(Buffer.alloc(10_000, "x"), 1);
    const through = queue.read().at(-2)?.last_key as Ulid;
    wal.trim(through);
    let appended = 0;
    await poll_until(
      async () => {
        await wal.append(body("new!"), 1);
        appended++;
        return queue.read()[0].body.length === 10_000;
      },
      { what: "the trim" },
    );
    expect(texts(queue.read()).slice(1)).toEqual(Array.from({ length: appended }, () => "new!"));
    const left_bytes = RECORD_HEADER_BYTES + 10_000 + appended * (RECORD_HEADER_BYTES + "new!".length);
    await poll_until(() => wal.queued_bytes === left_bytes, { what: "the count" });
  });

  it("takes no key for one of an entry that comes later", async () => {
    await using wal = queue.open(TINY_SEGMENTS);
    await wal.append(body("a"), 1);
    wal.trim(new Uint8Array(16).fill(0xff));
    await poll_until(() => wal.queued_bytes === 0, { what: "the trim" });
    for (const text of ["b", "c"]) await wal.append(body(text), 1);
    wal.trim(queue.read()[0].last_key);
    await poll_until(() => queue.read().length === 1, { what: "the trim" });
    expect(texts(queue.read())).toEqual(["c"]);
  });

  it("gives the disk back, all but a file that says which keys were given", async () => {
    await using wal = queue.open({ bytes_max: 80 * MIB });
    const large = Buffer.alloc(4 * MIB, 7);
    for (let i = 0; i < 10; i++) await wal.append(large, 1);
    expect(queue.files().length).toBeGreaterThan(4);
    wal.trim(queue.read().at(-1)?.last_key as Ulid);
    await poll_until(() => wal.queued_bytes === 0, { what: "the trim" });
    const disk_bytes = queue.files().map((path) => statSync(path).size);
    expect(disk_bytes).toHaveLength(1);
    expect(disk_bytes[0]).toBeLessThan(100);
  });

  it("keeps its count and goes on trimming when it is reopened", async () => {
    {
      await using wal = queue.open(TINY_SEGMENTS);
      for (const text of ["one", "two", "three"]) await wal.append(body(text), 1);
      wal.trim(queue.read()[0].last_key);
      await poll_until(() => queue.read().length === 2, { what: "the trim" });
    }
    await using wal = queue.open(TINY_SEGMENTS);
    expect(wal.queued_bytes).toBe(2 * RECORD_HEADER_BYTES + 8);
    wal.trim(queue.read()[0].last_key);
    await poll_until(() => queue.read().length === 1, { what: "the trim" });
    expect(texts(queue.read())).toEqual(["three"]);
  });

  it("trims what was not looked into when it was opened", async () => {
    {
      await using wal = queue.open({ bytes_max: 320 * MIB });
      for (let i = 0; i < 6; i++) await wal.append(Buffer.alloc(25 * MIB, `${i}`), 1);
    }
    await using wal = queue.open({ bytes_max: 320 * MIB });
    const keys = queue.read().map(({ last_key }) => last_key);
    const files_before = queue.files().length;
    wal.trim(keys[3]);
    await poll_until(() => queue.files().length === files_before - 4, { what: "the trim" });
    wal.trim(keys[5]);
    await poll_until(() => wal.queued_bytes === 0, { what: "the trim" });
  });

  it("leaves nothing but the queue and its lock in its directory once it is closed, however often it was opened", async () => {
    for (let i = 0; i < 5; i++) await queue.open()[Symbol.asyncDispose]();
    const wal = queue.open();
    await wal.append(body("x"), 1);
    await wal[Symbol.asyncDispose]();
    for (let i = 0; i < 5; i++) await queue.open()[Symbol.asyncDispose]();
    const others = readdirSync(queue.directory).filter((name) => !name.endsWith(".wal"));
    expect(others).toEqual(["lock"]);
    expect(queue.files()).toHaveLength(3);
    expect(texts(queue.read())).toEqual(["x"]);
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

  it("refuses a queue that isn't there", () => {
    expect(() => open_wal_reader(queue.directory)).toThrow(expect.objectContaining({ code: "cannot_open" }));
  });

  it("sees what another thread writes, while it writes", async () => {
    await using wal = queue.open();
    const script = `
      import { open_wal_reader } from ${JSON.stringify(join(import.meta.dir, "../../src/wal/index.ts"))};
      const reader = open_wal_reader(${JSON.stringify(queue.directory)});
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

  it.each([400, 1e9])(
    "goes through segments of a queue of %d bytes as they are made, with nothing left out",
    async (bytes_max) => {
      await using wal = queue.open({ bytes_max });
      using reader = open_wal_reader(queue.directory);
      let after: Ulid | null = null;
      for (let i = 0; i < 30; i++) {
        await wal.append(body(`${i}`), 2);
        const entries: WalEntry[] = reader.read(after, { span_count_max: 100, bytes_max: 100 });
        expect(texts(entries)).toEqual([`${i}`]);
        expect(reader.read(entries[0].first_key, { span_count_max: 1, bytes_max: 1 })).toEqual(entries);
        after = entries[0].last_key;
        expect(reader.read(after, { span_count_max: 1, bytes_max: 1 })).toEqual([]);
        if (i % 7 !== 6) continue;
        wal.trim(after);
        await poll_until(() => wal.queued_bytes === 0, { what: "the trim" });
      }
    },
  );

  it("reads what lies in front of, in and behind its own pieces of a segment", async () => {
    await using wal = queue.open();
    const sizes = [1, 65_536, 3, 300_000, 4_194_304, 5_000_000, 0, 70_000, 1_048_576];
    for (const [index, size] of sizes.entries()) await wal.append(Buffer.alloc(size, `${index}`), 1);
    using reader = open_wal_reader(queue.directory);
    const all = reader.read(null, { span_count_max: 1000, bytes_max: 1e9 });
    expect(all.map(({ body: { length } }) => length)).toEqual(sizes);
    for (const [index, { body: bytes, is_damaged }] of all.entries()) {
      expect(is_damaged).toBe(false);
      expect(Buffer.from(bytes).equals(Buffer.alloc(sizes[index], `${index}`))).toBe(true);
    }
    for (const from of [7, 2, 4, 0]) {
      const rest = reader.read(all[from].last_key, { span_count_max: 1000, bytes_max: 1e9 });
      expect(rest.map(({ first_key }) => first_key)).toEqual(all.slice(from + 1).map(({ first_key }) => first_key));
    }
  });

  it("reads the same into memory that each read writes to anew, also what does not fit", async () => {
    await using wal = queue.open();
    const sizes = [5, 9_000_000, 70_000, 9_000_000, 9_000_000, 0, 30_000_000, 1];
    for (const [index, size] of sizes.entries()) await wal.append(Buffer.alloc(size, `${index}`), 1);
    using reader = open_wal_reader(queue.directory, new ReadMemory());
    for (const span_count_max of [1, 3, 1000]) {
      let read_count = 0;
      let after: Ulid | null = null;
      for (;;) {
        const entries: WalEntry[] = reader.read(after, { span_count_max, bytes_max: 1e9 });
        if (entries.length === 0) break;
        for (const { body } of entries) {
          const wanted = Buffer.alloc(sizes[read_count], `${read_count}`);
          expect(Buffer.compare(body, wanted)).toBe(0);
          read_count++;
        }
        after = entries[entries.length - 1].last_key;
      }
      expect(read_count).toBe(sizes.length);
    }
  });

  it("follows a writer in another thread, whose segments are made and trimmed under it, in order and whole", async () => {
    const COUNT = 1_500;
    const script = `
      import { open_wal } from ${JSON.stringify(join(import.meta.dir, "../../src/wal/index.ts"))};
      const wal = open_wal({ directory: ${JSON.stringify(queue.directory)}, bytes_max: 8_000_000, disk_free_bytes_min: 0 });
      self.onmessage = ({ data }) => wal.trim(data);
      postMessage("open");
      for (let i = 0; i < ${COUNT}; i += 5) {
        const numbers = [i, i + 1, i + 2, i + 3, i + 4];
        await Promise.all(numbers.map((n) => wal.append(Buffer.alloc(1 + (n * 131) % 9_000, n + " "), 1)));
      }`;
    const worker = new Worker(URL.createObjectURL(new Blob([script], { type: "application/typescript" })));
    const failed = new Promise<never>((_, reject) =>
      worker.addEventListener("error", ({ message }) => reject(new Error(message))),
    );
    await Promise.race([failed, new Promise((resolve) => worker.addEventListener("message", resolve, { once: true }))]);
    using reader = open_wal_reader(queue.directory);
    let after: Ulid | null = null;
    let next = 0;
    const follow = poll_until(
      () => {
        const entries: WalEntry[] = reader.read(after, { span_count_max: 50, bytes_max: 200_000 });
        for (const { body: bytes, is_damaged } of entries) {
          expect(is_damaged).toBe(false);
          const length = 1 + ((next * 131) % 9_000);
          expect(Buffer.from(bytes).equals(Buffer.alloc(length, `${next} `))).toBe(true);
          next++;
        }
        after = entries.at(-1)?.last_key ?? after;
        if (entries.length > 0) worker.postMessage(after);
        return next === COUNT;
      },
      { what: "all entries" },
    );
    await Promise.race([failed, follow]);
    expect(queue.files().length).toBeLessThan(6);
    worker.terminate();
  });
});
