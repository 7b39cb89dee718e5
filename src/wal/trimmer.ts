import type { Logger } from "../observe/index.ts";
import type { SegmentLog } from "./segment-log.ts";
import { compare_ulids, type Ulid } from "./ulid.ts";

/** Trims that come meanwhile are done together: each that finds everything stored begins a segment. */
const PAUSE_MS = 100;

/** Gives space back in the background. */
export class Trimmer implements AsyncDisposable {
  private through: Ulid | null = null;
  private timer: Timer | undefined;
  private is_due = false;
  private under_way: Promise<void> | undefined;

  constructor(
    private readonly log: SegmentLog,
    private readonly on_trimmed: (bytes: number) => void,
    private readonly logger: Logger,
  ) {}

  trim(through: Ulid): void {
    if (this.through === null || compare_ulids(through, this.through) > 0) this.through = Uint8Array.from(through);
    this.is_due = true;
    this.schedule();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.is_due = false;
    clearTimeout(this.timer);
    await this.under_way;
  }

  private schedule(): void {
    if (this.timer !== undefined || this.under_way !== undefined || !this.is_due) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.is_due = false;
      this.under_way = this.step().finally(() => {
        this.under_way = undefined;
        this.schedule();
      });
    }, PAUSE_MS);
  }

  private async step(): Promise<void> {
    if (this.through === null) return;
    try {
      await this.log.trim(this.through, this.on_trimmed);
    } catch (error) {
      // Nothing is lost but space, and the next trim tries again.
      this.logger.warn({ err: error }, "the queue could not be trimmed");
    }
  }
}
