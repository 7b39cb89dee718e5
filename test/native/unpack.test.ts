import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { createHash } from "node:crypto";
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cache_directories } from "../../src/native/load.ts";
import { refuse_if_shared, unpack, type NativeFile } from "../../src/native/unpack.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let temp: TempDir;
let file: NativeFile;
let directory: string;

beforeEach(() => {
  temp = temp_dir();
  const embedded_path = join(temp.path, "embedded");
  writeFileSync(embedded_path, "a library");
  file = { name: "lib.so", embedded_path, sha256: createHash("sha256").update("a library").digest("hex") };
  directory = join(temp.path, "cache", "some-hash");
});
afterEach(() => temp[Symbol.dispose]());

const unpacked = () => readFileSync(join(directory, "lib.so"), "utf8");

describe("unpack", () => {
  it("makes a directory of our own with the file in it and nothing else", () => {
    unpack([file], directory);
    expect(unpacked()).toBe("a library");
    expect(readdirSync(directory)).toEqual(["lib.so"]);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(statSync(join(temp.path, "cache")).mode & 0o777).toBe(0o700);
  });

  it("leaves a file alone that is as it was built", () => {
    unpack([file], directory);
    const { ino } = statSync(join(directory, "lib.so"));
    unpack([file], directory);
    expect(statSync(join(directory, "lib.so")).ino).toBe(ino);
  });

  it.each(["", "a l", "a librarz"])("replaces a file that holds %p", (content) => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, "lib.so"), content);
    unpack([file], directory);
    expect(unpacked()).toBe("a library");
  });

  it("throws when there can be no such directory", () => {
    expect(() => unpack([file], join(file.embedded_path, "below-a-file"))).toThrow("ENOTDIR");
  });
});

describe("refuse_if_shared", () => {
  beforeEach(() => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
  });

  it("takes a directory that is ours alone", () => {
    expect(() => refuse_if_shared(directory)).not.toThrow();
  });

  it.each([0o720, 0o702, 0o1777])("refuses a directory of mode %o", (mode) => {
    chmodSync(directory, mode);
    expect(() => refuse_if_shared(directory)).toThrow("somebody else owns it or can write to it");
  });

  it("refuses a link, whose target may be changed", () => {
    const link = join(temp.path, "link");
    symlinkSync(directory, link);
    expect(() => refuse_if_shared(link)).toThrow("somebody else owns it or can write to it");
  });

  it("refuses a directory in one that others may write to, unless it is sticky", () => {
    const above = join(temp.path, "cache");
    chmodSync(above, 0o777);
    expect(() => refuse_if_shared(directory)).toThrow(`somebody else owns ${above} or can write to it`);
    chmodSync(above, 0o1777);
    expect(() => refuse_if_shared(directory)).not.toThrow();
  });
});

describe("cache_directories", () => {
  const last = join(tmpdir(), `junjo-traces-${process.getuid?.()}`);

  it("prefers a cache that outlives a reboot", () => {
    expect(cache_directories({ XDG_CACHE_HOME: "/x", HOME: "/h" })).toEqual([
      "/x/junjo-traces",
      "/h/.cache/junjo-traces",
      last,
    ]);
  });

  it("does without a home, and passes over relative paths", () => {
    expect(cache_directories({})).toEqual([last]);
    expect(cache_directories({ XDG_CACHE_HOME: "x", HOME: "" })).toEqual([last]);
  });
});
