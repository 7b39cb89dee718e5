import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { writeFileSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { read_cached } from "../../src/store/parquet/cached-read.ts";
import { ParquetError } from "../../src/store/parquet/error.ts";
import { read_at } from "../../src/store/parquet/read.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const CONTENT = Buffer.from(Array.from({ length: 400_000 }, (_, at) => String(at).padStart(8, "0")).join(""));
const START = 1_234_567;
const LENGTH = 1_000_000;
const WANTED = CONTENT.subarray(START, START + LENGTH);

let directory: TempDir;
let path: string;
let handle: FileHandle;
beforeAll(async () => {
  directory = temp_dir();
  path = join(directory.path, "file");
  // What is not on the disk yet, the system can't forget.
  writeFileSync(path, CONTENT, { flush: true });
  handle = await open(path);
});
afterAll(async () => {
  await handle.close();
  directory[Symbol.dispose]();
});

/** Has the system keep nothing of the file in memory, where it can do without. */
function forget(): void {
  const { exitCode, stderr } = Bun.spawnSync(["dd", `if=${path}`, "iflag=nocache", "count=0"], { stderr: "pipe" });
  expect(exitCode, stderr.toString()).toBe(0);
}

describe("what the system has of a file in memory", () => {
  it("is given at once, all of it or none where the file system can't tell", async () => {
    await read_at(handle, 0, Buffer.alloc(CONTENT.length));
    const into = Buffer.alloc(LENGTH);
    const count = read_cached(handle.fd, into, START);
    expect([0, LENGTH]).toContain(count);
    expect(into.subarray(0, count)).toEqual(WANTED.subarray(0, count));
  });

  it("ends where the file does", () => {
    const behind = read_cached(handle.fd, Buffer.alloc(LENGTH), CONTENT.length - 10);
    expect([0, 10]).toContain(behind);
    expect(read_cached(handle.fd, Buffer.alloc(10), CONTENT.length)).toBe(0);
    expect(read_cached(handle.fd, Buffer.alloc(0), 0)).toBe(0);
  });

  it("is nothing where the file can't be read", () => {
    expect(read_cached(-1, Buffer.alloc(10), 0)).toBe(0);
  });
});

describe("read_at", () => {
  it("gives what is in memory and what is not", async () => {
    forget();
    // Half of what is wanted next, and what the system reads ahead.
    await read_at(handle, START, Buffer.alloc(LENGTH / 2));
    expect(Buffer.from(await read_at(handle, START, Buffer.alloc(LENGTH)))).toEqual(WANTED);
    forget();
    expect(Buffer.from(await read_at(handle, START, Buffer.alloc(LENGTH)))).toEqual(WANTED);
  });

  it("rejects when the file ends early", () => {
    expect(read_at(handle, CONTENT.length - 10, Buffer.alloc(11))).rejects.toThrow(ParquetError);
  });
});
