import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { Database } from "bun:sqlite";
import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { create_metrics } from "../../src/observe/index.ts";
import {
  add_to_ulid,
  compare_ulids,
  open_wal,
  open_wal_reader,
  type Ulid,
  type Wal,
  type WalEntry,
  WalError,
  type WalOptions,
} from "../../src/wal/index.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const MIB = 1024 * 1024;
const NO_LIMITS = { span_count_max: Infinity, bytes_max: Infinity };

let dir: TempDir;
let path: string;
beforeEach(() => {
  dir = temp_dir();
  path = join(dir.path, "wal", "queue.sqlite");
});
afterEach(() => dir[Symbol.dispose]());

const open = (options: Partial<WalOptions> = {}): Wal =>
  open_wal({ path, bytes_max: 100 * MIB, disk_free_bytes_min: 0, ...options });

function read(after: Ulid | null = null, limits = NO_LIMITS): WalEntry[] {
  using reader = open_wal_reader(path);
  return reader.read(after, limits);
}

const body = (text: string) => Buffer.from(text);
const texts = (entries: WalEntry[]) => entries.map(({ body }) => Buffer.from(body).toString());
const refusal = (append: Promise<void>) =>
  append.then(
    () => "taken",
    (error: unknown) => (error instanceof WalError ? error.code : String(error)),
  );

describe("the queue", () => {
  it("gives back what was appended, in order, with consecutive keys for the spans of a request", async () => {
    await using wal = open();
    await wal.append(body("one"), 1);
    await wal.append(body("three"), 3);
    await wal.append(body("two"), 2);
    const entries = read();
    expect(texts(entries)).toEqual(["one", "three", "two"]);
    expect(entries.map(({ span_count }) => span_count)).toEqual([1, 3, 2]);
    for (const { first_key, last_key, span_count } of entries) {
      expect(compare_ulids(add_to_ulid(first_key, span_count - 1), last_key)).toBe(0);
    }
    for (const [index, entry] of entries.slice(1).entries()) {
      expect(compare_ulids(entry.first_key, entries[index].last_key)).toBeGreaterThan(0);
    }
    expect(wal.queued_bytes).toBe(11);
  });

  it("survives being reopened", async () => {
    {
      await using wal = open();
      await wal.append(body("before"), 2);
    }
    await using wal = open();
    expect(wal.queued_bytes).toBe(6);
    await wal.append(body("after"), 1);
    const [before, after] = read();
    expect(texts([before, after])).toEqual(["before", "after"]);
    expect(compare_ulids(after.first_key, before.last_key)).toBeGreaterThan(0);
  });

  it("keeps every acknowledged request of a process that was killed", async () => {
    const script = `
      import { open_wal } from ${JSON.stringify(join(import.meta.dir, "../../src/wal/index.ts"))};
      const wal = open_wal({ path: ${JSON.stringify(path)}, bytes_max: 1e9, disk_free_bytes_min: 0 });
      for (let i = 0; ; i++) { await wal.append(Buffer.from("request " + i), 1); console.log("acked " + i); }`;
    await using child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
    let acked = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      acked += text;
      if (acked.includes("acked 20\n")) child.kill("SIGKILL");
    }
    const last_acked = Number(acked.trimEnd().split("\n").at(-1)?.replace("acked ", ""));
    await using wal = open();
    expect(last_acked).toBeGreaterThanOrEqual(20);
    expect(texts(read()).slice(0, last_acked + 1)).toEqual(
      Array.from({ length: last_acked + 1 }, (_, i) => `request ${i}`),
    );
    await wal.append(body("goes on"), 1);
    expect(texts(read()).at(-1)).toBe("goes on");
  });

  it("makes rising keys when the clock steps back, also across a restart and a trim of everything", async () => {
    const keys: Ulid[] = [];
    const append_at = async (now_ms: number) => {
      await using wal = open({ now_ms: () => now_ms });
      await wal.append(body("x"), 5);
      const { first_key, last_key } = read().at(-1) as WalEntry;
      keys.push(first_key, last_key);
      wal.trim(last_key);
      await poll_until(() => read().length === 0, { what: "the trim" });
    };
    for (const now_ms of [2_000_000, 1_000_000, 1, 2_000_000, 3_000_000]) await append_at(now_ms);
    for (const [index, key] of keys.slice(1).entries()) expect(compare_ulids(key, keys[index])).toBeGreaterThan(0);
    expect(Buffer.from(keys[8]).readUIntBE(0, 6)).toBe(3_000_000);
  });

  it("commits the requests that wait at the same time together", async () => {
    const metrics = create_metrics();
    let commits = 0;
    await using wal = open({ metrics, on_commit: () => commits++ });
    await Promise.all(Array.from({ length: 50 }, (_, i) => wal.append(body(`${i}`), 1)));
    expect(commits).toBe(1);
    expect(texts(read())).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`));
    expect(await metrics.render()).toContain("junjo_traces_wal_commit_requests_sum 50");
  });

  it("has a request on disk when it says so", async () => {
    await using wal = open();
    await wal.append(body("there"), 1);
    expect(texts(read())).toEqual(["there"]);
  });

  it("refuses what does not fit and takes it after a trim", async () => {
    await using wal = open({ bytes_max: 10 });
    await wal.append(body("12345678"), 1);
    expect(await refusal(wal.append(body("90a"), 1))).toBe("full");
    expect(wal.queued_bytes).toBe(8);
    wal.trim(read()[0].last_key);
    await poll_until(() => wal.queued_bytes === 0, { what: "space" });
    await wal.append(body("90a"), 1);
    expect(texts(read())).toEqual(["90a"]);
  });

  it("counts waiting requests, so that a burst can't overfill it", async () => {
    await using wal = open({ bytes_max: 10 });
    const outcomes = await Promise.all(["1234", "5678", "90ab"].map((text) => refusal(wal.append(body(text), 1))));
    expect(outcomes).toEqual(["taken", "taken", "full"]);
  });

  it("refuses when the disk has too little room", async () => {
    await using wal = open({ disk_free_bytes_min: Number.MAX_SAFE_INTEGER });
    expect(await refusal(wal.append(body("x"), 1))).toBe("disk_low");
    expect(read()).toEqual([]);
  });

  it("keeps nothing of the requests that it could not write, and goes on after that", async () => {
    await using wal = open();
    await wal.append(body("first"), 1);
    {
      using other = new Database(path);
      other.run("BEGIN IMMEDIATE");
      expect(await Promise.all([refusal(wal.append(body("a"), 1)), refusal(wal.append(body("b"), 1))])).toEqual([
        "write_failed",
        "write_failed",
      ]);
    }
    expect(wal.queued_bytes).toBe(5);
    await wal.append(body("second"), 1);
    expect(texts(read())).toEqual(["first", "second"]);
  });

  it("commits what waits when it is closed and refuses what comes later", async () => {
    const wal = open();
    const waiting = wal.append(body("waiting"), 1);
    await wal[Symbol.asyncDispose]();
    await waiting;
    expect(texts(read())).toEqual(["waiting"]);
    expect(await refusal(wal.append(body("late"), 1))).toBe("closed");
  });

  it("can be opened for writing once", async () => {
    await using wal = open();
    expect(() => open()).toThrow(expect.objectContaining({ code: "in_use", message: expect.stringContaining(path) }));
    await wal.append(body("still works"), 1);
    expect(texts(read())).toEqual(["still works"]);
  });

  it("says which file it can't open", async () => {
    await Bun.write(
      path,
      "this is no database, and it is longer than a header of one hundred bytes would be, surely so.",
    );
    expect(() => open()).toThrow(
      expect.objectContaining({ code: "cannot_open", message: expect.stringContaining(path) }),
    );
    await Bun.file(path).delete();
    await using wal = open();
    await wal.append(body("x"), 1);
    expect(read()).toHaveLength(1);
  });
});

describe("trimming", () => {
  it("removes whole entries up to a key and leaves an entry that goes on behind it", async () => {
    await using wal = open();
    for (const text of ["a", "b", "c", "d"]) await wal.append(body(text), 3);
    const [, , c] = read();
    wal.trim(add_to_ulid(c.first_key, 1));
    await poll_until(() => read().length === 2, { what: "the trim" });
    expect(texts(read())).toEqual(["c", "d"]);
    wal.trim(c.last_key);
    await poll_until(() => read().length === 1, { what: "the trim" });
    expect(wal.queued_bytes).toBe(1);
  });

  it("takes appends while thousands of entries go, and counts right", async () => {
    await using wal = open();
    await Promise.all(Array.from({ length: 2_000 }, () => wal.append(body("old"), 1)));
    const through = read().at(-1)?.last_key as Ulid;
    wal.trim(through);
    let appended = 0;
    await poll_until(
      async () => {
        await wal.append(body("new!"), 1);
        appended++;
        return texts(read())[0] === "new!";
      },
      { what: "the trim" },
    );
    expect(texts(read())).toEqual(Array.from({ length: appended }, () => "new!"));
    expect(wal.queued_bytes).toBe(4 * appended);
  });

  it("gives the disk back", async () => {
    await using wal = open({ bytes_max: 1000 * MIB });
    const large = Buffer.alloc(4 * MIB, 7);
    for (let i = 0; i < 40; i++) await wal.append(large, 1);
    wal.trim(read().at(-1)?.last_key as Ulid);
    const disk_bytes = () => {
      using other = new Database(path, { readonly: true });
      const { page_count } = other.query<{ page_count: number }, []>("PRAGMA page_count").get() ?? { page_count: 0 };
      return page_count * 16_384;
    };
    await poll_until(() => disk_bytes() < 70 * MIB, { what: "a smaller file" });
    expect(wal.queued_bytes).toBe(0);
  });

  it("keeps its count when it is reopened", async () => {
    {
      await using wal = open();
      for (const text of ["one", "two"]) await wal.append(body(text), 1);
      wal.trim(read()[0].last_key);
      await poll_until(() => read().length === 1, { what: "the trim" });
    }
    await using wal = open();
    expect(wal.queued_bytes).toBe(3);
  });

  it("leaves nothing but the queue in its directory once it is closed", async () => {
    const wal = open();
    await wal.append(body("x"), 1);
    await wal[Symbol.asyncDispose]();
    expect(readdirSync(dirname(path)).sort()).toEqual(["queue.sqlite", "queue.sqlite.lock"]);
    expect(statSync(path).size).toBeGreaterThan(0);
  });
});

describe("a reader", () => {
  it("goes on behind a key, in the middle of an entry too", async () => {
    await using wal = open();
    for (const text of ["a", "b", "c"]) await wal.append(body(text), 3);
    const [a, b] = read();
    expect(texts(read(add_to_ulid(a.first_key, 1)))).toEqual(["a", "b", "c"]);
    expect(texts(read(a.last_key))).toEqual(["b", "c"]);
    expect(texts(read(b.first_key))).toEqual(["b", "c"]);
    expect(texts(read(new Uint8Array(16)))).toEqual(["a", "b", "c"]);
    expect(texts(read(new Uint8Array(16).fill(0xff)))).toEqual([]);
  });

  it("stops before a maximum is passed, but gives one entry", async () => {
    await using wal = open();
    for (const text of ["aaaa", "bb", "cc", "dd"]) await wal.append(body(text), 2);
    expect(texts(read(null, { span_count_max: 5, bytes_max: 100 }))).toEqual(["aaaa", "bb"]);
    expect(texts(read(null, { span_count_max: 6, bytes_max: 100 }))).toEqual(["aaaa", "bb", "cc"]);
    expect(texts(read(null, { span_count_max: 100, bytes_max: 7 }))).toEqual(["aaaa", "bb"]);
    expect(texts(read(null, { span_count_max: 1, bytes_max: 1 }))).toEqual(["aaaa"]);
  });

  it("refuses a file that isn't there", () => {
    expect(() => open_wal_reader(path)).toThrow(expect.objectContaining({ code: "cannot_open" }));
  });

  it("sees what another thread writes, while it writes", async () => {
    await using wal = open();
    const script = `
      import { open_wal_reader } from ${JSON.stringify(join(import.meta.dir, "../../src/wal/index.ts"))};
      const reader = open_wal_reader(${JSON.stringify(path)});
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
