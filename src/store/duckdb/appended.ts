/** Says that rows were appended, to whoever waits for it. */
export class Appended {
  private count_so_far = 0;
  private waiting: (() => void)[] = [];

  /** How often rows were appended. */
  get count(): number {
    return this.count_so_far;
  }

  notify(): void {
    this.count_so_far++;
    const woken = this.waiting;
    this.waiting = [];
    for (const wake of woken) wake();
  }

  /** Resolves once rows were appended more often than `count`, or when the signal is aborted. */
  async wait(count: number, signal: AbortSignal): Promise<void> {
    if (this.count_so_far > count || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.waiting.push(wake);
    signal.addEventListener("abort", wake, { once: true });
    await promise;
    signal.removeEventListener("abort", wake);
    this.waiting = this.waiting.filter((other) => other !== wake);
  }
}
