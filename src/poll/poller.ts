import { DecodedBatch } from "../decode/index.ts";
import type { Logger, Metrics } from "../observe/index.ts";
import { type DeadLetter, type SpanStore, StoreError } from "../store/index.ts";
import { compare_ulids, type Ulid, ulid_time_ms } from "../wal/index.ts";
import { backoff_ms, pause } from "./backoff.ts";
import { CaughtUp } from "./caught-up.ts";
import type { CursorFile } from "./cursor-file.ts";
import { decode_records } from "./decode-records.ts";
import { Health } from "./health.ts";
import { create_poller_metrics } from "./poller-metrics.ts";
import type { SpanBatch, SpanRecord, SpanSource } from "./types.ts";

const BACKOFF = { initial_ms: 200, max_ms: 10_000 };

export type PollerOptions = {
  source: SpanSource;
  store: SpanStore;
  cursor: CursorFile;
  logger: Logger;
  metrics: Metrics;
};

export interface Poller {
  /** Whether the last attempt went well. */
  readonly is_healthy: boolean;
  /** Resolves when all that the source had when it was called is stored; to false when that takes longer than `ms_max`. */
  caught_up(ms_max: number): Promise<boolean>;
  /** Lets the batch under way be stored whole, or be abandoned whole if it has not been handed over; then ends. */
  stop(): Promise<void>;
}

/** Starts the loop. It runs until `stop`; no error ends it. */
export function start_poller(options: PollerOptions): Poller {
  const loop = new PollLoop(options);
  loop.start();
  return loop;
}

/** Stores what the source has now, once, and ends. What can't be stored stays where it is: rejects with the first error. */
export const drain_source = (options: PollerOptions): Promise<void> => new PollLoop(options).drain();

class PollLoop implements Poller {
  private readonly batch = new DecodedBatch();
  private readonly stopping = new AbortController();
  private readonly reads = new CaughtUp();
  /** Ends the pause between two reads. */
  private hurry = new AbortController();
  private readonly health: Health;
  private readonly metrics;
  private ended: Promise<void> = Promise.resolve();
  private position: Ulid | null = null;
  /** What the source has been told that it may forget. */
  private released: Ulid | null = null;
  /** That the store holds less than the cursor says has been told. */
  private is_known_behind = false;

  constructor(private readonly options: PollerOptions) {
    this.health = new Health(options.logger, options.source.name);
    this.metrics = create_poller_metrics(options.metrics);
  }

  start(): void {
    this.ended = this.run();
  }

  async drain(): Promise<void> {
    this.position = await this.first_position();
    for (;;) {
      const read = await this.options.source.read(this.position, this.stopping.signal);
      // What is half full may have left something behind, and so may what is less: a single large record.
      if (read.last_key === null) return;
      await this.take(read, read.last_key);
    }
  }

  get is_healthy(): boolean {
    return this.health.is_healthy;
  }

  async caught_up(ms_max: number): Promise<boolean> {
    const stored = this.reads.all_there_is_now().then(() => true);
    this.hurry.abort();
    const ending = new AbortController();
    try {
      return await Promise.race([stored, pause(ms_max, ending.signal).then(() => false)]);
    } finally {
      ending.abort();
    }
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    await this.ended;
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    let has_position = false;
    while (!signal.aborted) {
      try {
        if (!has_position) {
          this.position = await this.first_position();
          has_position = true;
        }
        await this.turn(signal);
        this.health.went_well();
      } catch (error) {
        if (signal.aborted) return;
        // The store may have had to go back to an earlier state, or to begin anew.
        has_position = false;
        this.reads.fail();
        this.metrics.errors.inc();
        const attempt = this.health.failed(error);
        await pause(backoff_ms(attempt, BACKOFF), signal);
      }
    }
  }

  /** Reads once and stores what there was; then waits, unless there is more. */
  private async turn(signal: AbortSignal): Promise<void> {
    const { source } = this.options;
    this.reads.begin();
    const read = await source.read(this.position, signal);
    if (signal.aborted) return;
    if (read.last_key !== null) await this.take(read, read.last_key);
    this.reads.end({ is_empty: read.last_key === null, has_more: read.has_more });
    this.health.went_well();
    this.release_durable();
    if (!read.has_more) await this.wait(signal);
  }

  private async wait(signal: AbortSignal): Promise<void> {
    if (this.reads.is_wanted) return;
    this.hurry = new AbortController();
    await this.options.source.wait(AbortSignal.any([signal, this.hurry.signal]));
  }

  /** Until rows are durable the source is what keeps them. */
  private release_durable(): void {
    const { source, store, cursor } = this.options;
    const durable = store.durable_position(source.name);
    if (durable === null || (this.released !== null && compare_ulids(durable, this.released) <= 0)) return;
    cursor.put(source.name, durable);
    source.release(durable);
    this.released = durable;
  }

  private async take({ records }: SpanBatch, last_key: Ulid): Promise<void> {
    const { source, store } = this.options;
    try {
      await this.append(records, last_key);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== "constraint") throw error;
      await this.append_one_by_one(records);
      await store.append(this.emptied_batch(), [], { source: source.name, last_key });
    }
    this.position = last_key;
    this.metrics.position_seconds.set(ulid_time_ms(last_key) / 1000);
  }

  private async append(records: readonly SpanRecord[], last_key: Ulid): Promise<void> {
    const { source, store } = this.options;
    const batch = this.emptied_batch();
    const dead_letters = await decode_records(records, batch, source.name);
    const end = this.metrics.append_seconds.startTimer();
    const result = await store.append(batch, dead_letters, { source: source.name, last_key });
    end();
    this.metrics.spans.inc(result.inserted_spans);
    this.metrics.patches.inc(result.inserted_patches);
    this.metrics.duplicate_spans.inc(result.duplicate_spans);
    this.metrics.started_spans.inc(result.started_spans);
    this.note_losses(dead_letters);
  }

  /** The store refuses a row of the batch for what it is: finds the record at fault and keeps it as a dead letter. */
  private async append_one_by_one(records: readonly SpanRecord[]): Promise<void> {
    const { source, store } = this.options;
    for (const record of records) {
      try {
        await this.append([record], record.last_key);
      } catch (error) {
        if (!(error instanceof StoreError) || error.code !== "constraint") throw error;
        const letter = { source: source.name, key: record.first_key, reason: error.message, body: record.body };
        await store.append(this.emptied_batch(), [letter], { source: source.name, last_key: record.last_key });
        this.note_losses([letter]);
      }
    }
  }

  private emptied_batch(): DecodedBatch {
    this.batch.clear();
    return this.batch;
  }

  private note_losses(dead_letters: readonly DeadLetter[]): void {
    const { logger } = this.options;
    this.metrics.dead_letters.inc(dead_letters.length);
    for (const { key, reason } of dead_letters) {
      logger.warn({ key: Buffer.from(key).toString("hex"), reason }, "record kept in dead_letters");
    }
  }

  /**
   * Where the store's rows end. The cursor notes what was durable: one beyond it tells that the store has lost rows (its
   * files were removed or replaced), which are read again, as far as the source still has them.
   */
  private async first_position(): Promise<Ulid | null> {
    const { source, store, cursor, logger } = this.options;
    const held = await store.position(source.name);
    this.released = null;
    const noted = cursor.get(source.name);
    const is_behind = noted !== null && (held === null || compare_ulids(noted, held) > 0);
    if (is_behind && !this.is_known_behind) {
      logger.warn(
        { source: source.name },
        "the store holds less than was once read: reading again what the source has",
      );
    }
    this.is_known_behind = is_behind;
    return held;
  }
}
