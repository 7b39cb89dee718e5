type Waiting = { since_read: number; resolve: () => void };

/**
 * Knows when all that a source had at some time has been read.
 *
 * A batch with nothing more behind it, as far as its source can tell, may still have left a large record behind, which
 * would not have fitted; the next batch has that one, and more behind it. So two such batches one after the other, or an
 * empty one, have left nothing behind that was there before the first.
 */
export class CaughtUp {
  private begun_count = 0;
  /** The first of the batches one after the other that had nothing more behind them. */
  private first_quiet_read: number | null = null;
  private waiting: Waiting[] = [];

  /** Whether somebody waits, so that there should be no pause before the next read. */
  get is_wanted(): boolean {
    return this.waiting.length > 0;
  }

  /** Resolves when what the source has now was read, and stored. */
  all_there_is_now(): Promise<void> {
    return new Promise((resolve) => this.waiting.push({ since_read: this.begun_count, resolve }));
  }

  /** A read begins. */
  begin(): void {
    this.begun_count++;
  }

  /** What it gave is stored. */
  end({ is_empty, has_more }: { is_empty: boolean; has_more: boolean }): void {
    if (has_more) {
      this.first_quiet_read = null;
      return;
    }
    const complete_read = is_empty ? this.begun_count : this.first_quiet_read;
    this.first_quiet_read ??= this.begun_count;
    if (complete_read === null) return;
    const asked_before = ({ since_read }: Waiting): boolean => since_read < complete_read;
    for (const { resolve } of this.waiting.filter(asked_before)) resolve();
    this.waiting = this.waiting.filter((one) => !asked_before(one));
  }

  /** A read failed: what it would have given comes again. */
  fail(): void {
    this.first_quiet_read = null;
  }
}
