import type { SegmentKeeper } from "./keeper.ts";

/** Segments grow old without anything else happening. */
const INTERVAL_MS = 60_000;

/** Has the keeper tidy up after each seal and now and then, once at a time, and says when it fails. */
export class Tidier implements AsyncDisposable {
  private readonly timer: Timer;
  private running: Promise<void> | null = null;
  private is_wanted_again = false;
  private is_closed = false;

  constructor(
    private readonly keeper: SegmentKeeper,
    /** What the keeper merges with. */
    private readonly merger: Disposable,
    private readonly on_failed: (error: unknown) => void,
  ) {
    this.timer = setInterval(() => this.tidy(), INTERVAL_MS);
  }

  tidy(): void {
    this.is_wanted_again = true;
    this.running ??= this.run().finally(() => {
      this.running = null;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.is_closed = true;
    clearInterval(this.timer);
    // A merge takes as long as a server may take to stop. What it was made of is still there.
    this.merger[Symbol.dispose]();
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.is_wanted_again && !this.is_closed) {
      this.is_wanted_again = false;
      try {
        await this.keeper.tidy(() => this.is_closed);
      } catch (error) {
        if (this.is_closed) return;
        this.on_failed(error);
      }
    }
  }
}
