import { expect, it } from "bun:test";
import { randomBytes } from "node:crypto";
// Loads the library in which zstd is.
import "@duckdb/node-api";
import { compress, compressed_bytes_max, decompress, decompress_until, ZstdError } from "../src/zstd/index.ts";
import { zstd_library } from "../src/zstd/library.ts";

const TEXTS: [string, Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["a byte", Uint8Array.of(7)],
  ["text that repeats", Buffer.from("a span and ".repeat(60_000))],
  ["noise", randomBytes(200_000)],
];

function compressed(content: Uint8Array): Uint8Array {
  const to = new Uint8Array(compressed_bytes_max(content.length));
  return to.subarray(0, compress(content, 2, to));
}

it("is the one in DuckDB's library: an update of DuckDB that hides it should be noticed", () => {
  expect(zstd_library() === null).toBe(process.platform !== "linux");
});

it.each(TEXTS)("gives back what was put in, and is what Bun's is: %s", (_what, content) => {
  const frame = compressed(content);
  const to = new Uint8Array(content.length + 10);
  expect(Buffer.compare(to.subarray(0, decompress(frame, to)), content)).toBe(0);
  expect(Buffer.compare(Bun.zstdDecompressSync(frame), content)).toBe(0);
  const length = decompress(Bun.zstdCompressSync(content), to);
  expect(Buffer.compare(to.subarray(0, length), content)).toBe(0);
});

it.each(TEXTS)("gives as much of the beginning as is wanted: %s", (_what, content) => {
  const frame = compressed(content);
  for (const wanted of [0, 1, 1_000, 131_072, 131_073, content.length, content.length + 1]) {
    const to = new Uint8Array(content.length + 10);
    const asked: number[] = [];
    const length = decompress_until(frame, to, (there) => asked.push(there) > 0 && there >= wanted);
    expect(length).toBeGreaterThanOrEqual(Math.min(wanted, content.length));
    expect(Buffer.compare(to.subarray(0, length), content.subarray(0, length))).toBe(0);
    // Whoever looks on the way sees it grow.
    expect(asked).toEqual([...new Set(asked)].sort((a, b) => a - b));
    if (wanted < 100_000 && zstd_library() !== null) expect(length).toBeLessThanOrEqual(131_072);
  }
});

it("fits in what it is said to take at most", () => {
  for (const length of [0, 1, 255, 4_095, 131_071, 131_072, 1_000_000]) {
    expect(compressed(randomBytes(length)).length).toBeLessThanOrEqual(compressed_bytes_max(length));
  }
});

it.each([
  ["something else", Buffer.from("not zstd at all"), 100],
  ["cut short", compressed(randomBytes(5_000)).subarray(0, 4_000), 5_000],
  ["more than there is room for", compressed(randomBytes(5_000)), 4_999],
  ["nothing where something is wanted", new Uint8Array(0), 10],
])("%s is an error", (_what, bytes, room) => {
  for (const read of [decompress, (from: Uint8Array, to: Uint8Array) => decompress_until(from, to, () => false)]) {
    expect(() => {
      const length = read(bytes, new Uint8Array(room));
      if (length < room) throw new ZstdError(`${length} bytes`);
    }).toThrow(ZstdError);
  }
});
