const PAUSE_MS = 5;

type Polled<T> = T | undefined | false;

/** Asks again and again until `check` gives something; throws, naming `what`, when that takes longer than the deadline. */
export async function poll_until<T>(
  check: () => Polled<T> | Promise<Polled<T>>,
  { deadline_ms = 10_000, what }: { deadline_ms?: number; what: string },
): Promise<T> {
  const deadline = performance.now() + deadline_ms;
  for (;;) {
    const value = await check();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`${what}: not within ${deadline_ms} ms`);
    await Bun.sleep(PAUSE_MS);
  }
}
