import type { SpanStore } from "../store/index.ts";
import type { Ulid } from "../wal/index.ts";
import type { SpanRecord, SpanSource } from "./types.ts";

export type CheckpointLimits = {
  /** Wire bytes of spans after which a checkpoint is due. */
  bytes: number;
  /** Time after which one is due even for a few. */
  interval_ms: number;
};

const DEFAULTS: CheckpointLimits = { bytes: 64 * 1024 * 1024, interval_ms: 60_000 };

/**
 * When the store writes its own log into its file, and the source may forget what is held.
 *
 * The source keeps everything since the last checkpoint, so that the replay of DuckDB's log after a kill, known to fail
 * at times, is never the only copy of a span.
 */
export class Checkpoints {
  private readonly limits: CheckpointLimits;
  private bytes = 0;
  private last_key: Ulid | null = null;
  private ran_at_ms = performance.now();

  constructor(
    private readonly store: SpanStore,
    private readonly source: SpanSource,
    limits: Partial<CheckpointLimits> = {},
  ) {
    this.limits = { ...DEFAULTS, ...limits };
  }

  /** These records are stored now. */
  note(records: readonly SpanRecord[], last_key: Ulid): void {
    this.bytes += records.reduce((sum, { body }) => sum + body.length, 0);
    this.last_key = last_key;
  }

  async run_if_due(): Promise<void> {
    const is_due = this.bytes >= this.limits.bytes || performance.now() - this.ran_at_ms >= this.limits.interval_ms;
    if (this.last_key === null || !is_due) return;
    await this.store.checkpoint();
    this.source.release(this.last_key);
    this.bytes = 0;
    this.last_key = null;
    this.ran_at_ms = performance.now();
  }
}
