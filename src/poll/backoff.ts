/** Bounds of the pause after a failure. */
export type BackoffLimits = { initial_ms: number; max_ms: number };

/**
 * The pause after the `attempt`th failure in a row (from 1): doubling, with jitter between half of it and all of it, so
 * that many readers of one service that comes back do not come at once.
 */
export function backoff_ms(attempt: number, { initial_ms, max_ms }: BackoffLimits, random = Math.random()): number {
  const whole = Math.min(max_ms, initial_ms * 2 ** Math.min(attempt - 1, 30));
  return whole / 2 + (whole / 2) * random;
}

/** Resolves after `duration_ms`, or at once when `signal` is or becomes aborted. */
export function pause(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, duration_ms);
    signal.addEventListener("abort", done);
  });
}
