import type { Logger } from "../observe/index.ts";
import type { QueueFile } from "./queue-file.ts";
import { compare_ulids, type Ulid } from "./ulid.ts";

/** Between two steps appends have their turn; trims that come meanwhile are done together. */
const PAUSE_MS = 10;

/** Gives space back in the background, one small step at a time. */
export class Trimmer implements Disposable {
  private through: Ulid | null = null;
  private timer: Timer | undefined;

  constructor(
    private readonly file: QueueFile,
    private readonly on_trimmed: (bytes: number) => void,
    private readonly logger: Logger,
  ) {}

  trim(through: Ulid): void {
    if (this.through !== null && compare_ulids(through, this.through) <= 0) return;
    this.through = Uint8Array.from(through);
    this.schedule();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  private schedule(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.step();
    }, PAUSE_MS);
  }

  private step(): void {
    if (this.through === null) return;
    try {
      const { trimmed_bytes, is_done } = this.file.trim_step(this.through);
      this.on_trimmed(trimmed_bytes);
      if (!is_done || this.file.vacuum_step()) this.schedule();
    } catch (error) {
      // Nothing is lost but space. Forgetting the key lets the next trim, to the same key too, try again.
      this.through = null;
      this.logger.warn({ err: error }, "the queue could not be trimmed");
    }
  }
}
