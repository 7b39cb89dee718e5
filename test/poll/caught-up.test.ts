import { expect, it } from "bun:test";
import { CaughtUp } from "../../src/poll/caught-up.ts";

const EMPTY = { is_empty: true, has_more: false };
const LAST = { is_empty: false, has_more: false };
const FULL = { is_empty: false, has_more: true };

function waiting_on(reads: CaughtUp): { is_done: boolean } {
  const one = { is_done: false };
  void reads.all_there_is_now().then(() => (one.is_done = true));
  return one;
}

async function read(reads: CaughtUp, ...batches: (typeof FULL)[]): Promise<void> {
  for (const batch of batches) {
    reads.begin();
    reads.end(batch);
  }
  await Promise.resolve();
}

it("an empty batch says that all was read, when it was asked for later", async () => {
  const reads = new CaughtUp();
  reads.begin();
  const one = waiting_on(reads);
  reads.end(EMPTY);
  await Promise.resolve();
  expect([one.is_done, reads.is_wanted]).toEqual([false, true]);
  await read(reads, EMPTY);
  expect([one.is_done, reads.is_wanted]).toEqual([true, false]);
});

it("two batches with nothing more behind them say so, and one does not: a large record may follow", async () => {
  const reads = new CaughtUp();
  await read(reads, LAST, LAST);
  const one = waiting_on(reads);
  await read(reads, LAST, FULL, LAST);
  expect(one.is_done).toBe(false);
  await read(reads, LAST);
  expect(one.is_done).toBe(true);
});

it("a read that failed does not count", async () => {
  const reads = new CaughtUp();
  const one = waiting_on(reads);
  await read(reads, LAST);
  reads.begin();
  reads.fail();
  await read(reads, LAST);
  expect(one.is_done).toBe(false);
  await read(reads, LAST);
  expect(one.is_done).toBe(true);
});
