import { StoreError } from "../types.ts";

/**
 * Lets so many do something at once. Whoever comes later waits for a turn, first come first served, unless `waiting_max` do:
 * then it is refused as `overloaded`.
 */
export class Turns {
  private taken_count = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly on_idle: (() => void)[] = [];

  constructor(
    private readonly at_once_max: number,
    private readonly waiting_max: number,
  ) {}

  async run<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.take();
    try {
      return await work();
    } finally {
      this.give_back();
    }
  }

  /** Resolves when nobody has a turn, or waits for one. */
  async idle(): Promise<void> {
    if (this.taken_count > 0) await new Promise<void>((resolve) => this.on_idle.push(resolve));
  }

  private async take(): Promise<void> {
    if (this.taken_count < this.at_once_max) {
      this.taken_count++;
      return;
    }
    if (this.waiting.length >= this.waiting_max) {
      throw new StoreError("overloaded", `${this.waiting.length} questions wait already, ask again later`);
    }
    await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  private give_back(): void {
    const next = this.waiting.shift();
    if (next !== undefined) return next();
    this.taken_count--;
    if (this.taken_count === 0) for (const resolve of this.on_idle.splice(0)) resolve();
  }
}
