import { describe, expect, it } from "bun:test";
import { backoff_ms, pause } from "../../src/poll/backoff.ts";

const LIMITS = { initial_ms: 200, max_ms: 10_000 };

describe("backoff", () => {
  it("doubles up to its maximum", () => {
    expect([1, 2, 3, 6, 7, 1000].map((attempt) => backoff_ms(attempt, LIMITS, 1))).toEqual([
      200, 400, 800, 6400, 10_000, 10_000,
    ]);
  });

  it("spreads over the upper half of the pause", () => {
    expect([backoff_ms(1, LIMITS, 0), backoff_ms(1, LIMITS, 0.5)]).toEqual([100, 150]);
  });

  it("ends at once when it is called off, before or during the pause", async () => {
    const aborted = AbortSignal.abort();
    await pause(60_000, aborted);
    const controller = new AbortController();
    const pausing = pause(60_000, controller.signal);
    controller.abort();
    await pausing;
    expect(controller.signal.aborted).toBe(true);
  });
});
