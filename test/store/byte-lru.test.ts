import { expect, it } from "bun:test";
import { ByteLru } from "../../src/store/parquet/byte-lru.ts";

const keys = Array.from({ length: 12 }, (_, number) => ({ number }));

it("what was used last stays, up to so many bytes", () => {
  const lru = new ByteLru<object, number>(80);
  for (const key of keys.slice(0, 8)) lru.put(key, key.number, 9);
  expect(lru.get(keys[0])).toBe(0);
  lru.put(keys[8], 8, 9);
  const held = keys.filter((key) => lru.get(key) !== undefined).map(({ number }) => number);
  expect(held).toEqual([0, 2, 3, 4, 5, 6, 7, 8]);
});

it("one that would push out much is not kept, and what is put again counts once", () => {
  const lru = new ByteLru<object, number>(80);
  lru.put(keys[0], 0, 10);
  expect(lru.get(keys[0])).toBeUndefined();
  for (let i = 0; i < 20; i++) lru.put(keys[1], i, 9);
  for (const key of keys.slice(2, 9)) lru.put(key, key.number, 9);
  expect(lru.get(keys[1])).toBe(19);
  lru.put(keys[1], 0, 10);
  expect(lru.get(keys[1])).toBeUndefined();
});
