import { expect, it } from "bun:test";
import { Turns } from "../../src/store/duckdb/turns.ts";

/** Work that ends when it is told to. */
function held_work() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { work: () => promise, end: resolve };
}

it("lets so many in, has others wait in order, and refuses those behind them", async () => {
  const turns = new Turns(2, 2);
  const held = [held_work(), held_work()];
  const order: string[] = [];
  const running = held.map(({ work }) => turns.run(work));
  const waiting = ["first", "second"].map((name) => turns.run(async () => order.push(name)));
  expect(await turns.run(async () => "too many").catch((error: unknown) => error)).toMatchObject({
    code: "overloaded",
    message: "2 questions wait already, ask again later",
  });
  expect(order).toEqual([]);
  held[0].end();
  await Promise.all(waiting);
  expect(order).toEqual(["first", "second"]);
  held[1].end();
  await Promise.all(running);
  expect(await turns.run(async () => "next")).toBe("next");
});

it("gives a turn back when its work fails, and says when all are given back", async () => {
  const turns = new Turns(1, 1);
  await turns.idle();
  const { work, end } = held_work();
  const failing = turns.run(async () => {
    await work();
    throw new Error("failed");
  });
  let is_idle = false;
  const idle = turns.idle().then(() => (is_idle = true));
  const next = turns.run(async () => is_idle);
  end();
  expect(await failing.catch(String)).toBe("Error: failed");
  expect(await next).toBe(false);
  await idle;
});
