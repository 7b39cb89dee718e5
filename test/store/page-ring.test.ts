import { expect, it } from "bun:test";
import { Page } from "../../src/store/parquet/page.ts";
import { PageRing } from "../../src/store/parquet/page-ring.ts";
import { ReadBuffers } from "../../src/store/parquet/read-buffers.ts";
import { ThriftWriter } from "../../src/store/parquet/write/thrift-writer.ts";
import { ByteSink, ParquetError } from "../../src/store/parquet/index.ts";
import { CODEC, PAGE } from "../../src/store/parquet/types.ts";
import { SeededRandom } from "../support/seeded-random.ts";

const RING_BYTES = 1_000;
const PAGE_BYTES_MAX = RING_BYTES / 8;
const UNKEPT_BYTES = PAGE_BYTES_MAX + 1;

/** A page, as it lies in a file, that has so many bytes of one value, and may say that it has others. */
function page_bytes(length: number, value: number, said_length = length): Uint8Array {
  const sink = new ByteSink();
  const thrift = new ThriftWriter(sink);
  thrift.members(() => {
    thrift.i32(1, PAGE.dictionary);
    thrift.i32(2, said_length);
    thrift.i32(3, length);
  });
  sink.put(new Uint8Array(length).fill(value));
  return sink.content.slice();
}

function put(ring: PageRing, key: string, length: number, value: number): Page {
  return ring.put(key, (room_for) => Page.read(page_bytes(length, value), CODEC.uncompressed, false, room_for));
}

const has_only = ({ content }: Page, value: number) => content.every((byte) => byte === value);

it("gives each page as it was put in, for as long as it gives it, and the last two for sure", () => {
  const random = new SeededRandom(7);
  const ring = new PageRing(RING_BYTES);
  const keys = Array.from({ length: 40 }, (_, number) => `a page ${number}`);
  const values = new Map<string, number>();
  let [kept_count, last] = [0, keys[0]];
  put(ring, last, 1, 0);
  values.set(last, 0);
  for (let turn = 0; turn < 5_000; turn++) {
    const key = random.pick(keys);
    const length = random.between(0, PAGE_BYTES_MAX);
    expect(has_only(put(ring, key, length, turn & 255), turn & 255)).toBe(true);
    values.set(key, turn & 255);
    expect([ring.get(key), ring.get(last)]).not.toContain(undefined);
    last = key;
    for (const [known, value] of values) {
      const page = ring.get(known);
      if (page === undefined) continue;
      kept_count++;
      expect(has_only(page, value)).toBe(true);
    }
  }
  // Half of the greatest length on average.
  expect(kept_count / 5_000).toBeGreaterThan(10);
});

it("does not keep a page that would push out many, nor one that can't be read", () => {
  const ring = new PageRing(RING_BYTES);
  const [large, broken, small] = ["large", "broken", "small"];
  expect(has_only(put(ring, large, UNKEPT_BYTES, 3), 3)).toBe(true);
  expect(ring.get(large)).toBeUndefined();
  put(ring, small, 10, 1);
  expect(() =>
    ring.put(broken, (room_for) => {
      room_for(10).fill(9);
      throw new Error("broken");
    }),
  ).toThrow("broken");
  expect(ring.get(broken)).toBeUndefined();
  const page = ring.get(small);
  expect(page !== undefined && has_only(page, 1)).toBe(true);
});

it("a header that is damaged takes no room from others", () => {
  const ring = new PageRing(RING_BYTES);
  put(ring, "whole", 100, 1);
  const damaged = page_bytes(0, 0, -50);
  expect(() => ring.put("damaged", (room_for) => Page.read(damaged, CODEC.uncompressed, false, room_for))).toThrow(
    ParquetError,
  );
  put(ring, "next", 100, 2);
  const page = ring.get("whole");
  expect(page !== undefined && has_only(page, 1)).toBe(true);
});

it("memory that is read into is nobody else's until it is given back", () => {
  const buffers = new ReadBuffers();
  const buffer_of = ({ buffer }: Uint8Array) => buffer;
  const first = buffers.borrowed();
  const [a, b] = [first.take(100), first.take(70_000)];
  const second = buffers.borrowed();
  const c = second.take(100);
  expect(new Set([a, b, c].map(buffer_of)).size).toBe(3);
  expect([a.length, b.length, c.length]).toEqual([100, 70_000, 100]);
  first[Symbol.dispose]();
  const d = second.take(65_000);
  expect([buffer_of(a), buffer_of(b)]).toContain(buffer_of(d));
  expect(buffer_of(d)).not.toBe(buffer_of(c));
  second[Symbol.dispose]();
});
