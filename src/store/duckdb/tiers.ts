import { blobValue, type DuckDBConnection } from "@duckdb/node-api";
import type { DecodedBatch } from "../../decode/index.ts";
import type { Ulid } from "../../wal/index.ts";
import { type AppendResult, type DeadLetter, type SourcePosition, StoreError } from "../types.ts";
import { first_line, in_transaction } from "./database.ts";
import { Admission, unheld } from "./hot/admission.ts";
import { HotGeneration } from "./hot/generation.ts";
import type { HotCapacity } from "./hot/hot-memory.ts";
import { batch_capacity, type HotMemoryPool } from "./hot/hot-memory-pool.ts";
import type { PendingSpans } from "./pending/pending-spans.ts";
import { take_started_spans, without_ended } from "./pending/started-spans.ts";
import type { RowSource } from "./row-source.ts";
import type { SegmentKeeper } from "./segments/keeper.ts";
import { Serial } from "./serial.ts";
import put_dead_letter_sql from "./sql/put-dead-letter.sql" with { type: "text" };
import type { StoreMetrics } from "./store-metrics.ts";
import type { StraddlingLlmTraces } from "./straddling.ts";
import { View, type Views } from "./views.ts";

const RETRY_PAUSE_MS = 1_000;
const EMPTY: HotCapacity = { spans: 0, patches: 0, text_bytes: 0 };

export type TierLimits = {
  /** Rows and memory of the hot tier at which it is sealed. */
  rows_max: number;
  bytes_max: number;
  /** After this long rows are sealed however few they are. */
  age_max_ms: number;
};

export type TierParts = {
  /** For dead letters, and to look for keys in segments. */
  writer: DuckDBConnection;
  memory_pool: HotMemoryPool;
  views: Views;
  straddling: StraddlingLlmTraces;
  pending: PendingSpans;
  keeper: SegmentKeeper;
  /** There are new rows. */
  on_appended: () => void;
  /** There are new segments. */
  on_sealed: () => void;
  /** It is tried again for ever. */
  on_seal_failed: (error: unknown) => void;
  limits: TierLimits;
  metrics: StoreMetrics;
};

/**
 * Rows on their way: into the current generation of the hot tier, and from there, a generation at a time, into segments.
 *
 * What `append` has taken can be asked for at once. It is durable when the keeper's position has reached its position.
 */
export class Tiers {
  /** Changes of the hot tier, one at a time. */
  private readonly appends = new Serial();
  private readonly admission = new Admission();
  private others: { view: View; sources: readonly RowSource[] } | null = null;
  private sealing: Promise<void> | null = null;
  private seal_failure: unknown = null;
  /** Until the current generation is sealed for its age. */
  private timer: Timer | undefined;
  private retry_timer: Timer | undefined;
  private is_closed = false;

  constructor(private readonly parts: TierParts) {}

  /** Rejects, and keeps nothing, when a dead letter can't be kept or the hot tier is full and can't be sealed. */
  append(batch: DecodedBatch, dead_letters: readonly DeadLetter[], position: SourcePosition): Promise<AppendResult> {
    return this.appends.run(async () => {
      const started = take_started_spans(batch);
      await this.make_room(batch);
      await this.keep_dead_letters(dead_letters);
      if (!this.current_generation.has_room_for(batch)) this.rotate(batch_capacity(batch));
      using held = this.parts.views.hold();
      const generation = this.current_generation;
      const sources = this.other_sources(held.view, generation);
      const { writer } = this.parts;
      const straddling_before = generation.straddling_llm_traces.size;
      const duplicate_spans = await this.admission.admit(writer, batch, generation, sources);
      const open = await unheld(writer, without_ended(started, batch), [generation, ...sources]);
      if (generation.straddling_llm_traces.size > straddling_before) {
        await this.parts.straddling.add([...generation.straddling_llm_traces].slice(straddling_before));
      }
      generation.append(batch);
      const { pending } = this.parts;
      pending.note_stored(batch);
      pending.put(open);
      generation.positions.set(position.source, position.last_key);
      this.parts.on_appended();
      if (this.is_full(generation)) this.rotate(EMPTY);
      else this.seal_in_time();
      return {
        inserted_spans: batch.spans.row_count,
        inserted_patches: batch.patches.row_count,
        duplicate_spans: duplicate_spans + started.length - open.length,
        started_spans: open.length,
      };
    });
  }

  /** Seals all that is in the hot tier now. Resolves when it is durable; rejects when it can't be. */
  async seal(): Promise<void> {
    await this.appends.run(async () => {
      if (this.current_generation.positions.size > 0) this.rotate(EMPTY);
    });
    do await this.start_sealing();
    while (this.has_frozen && this.seal_failure === null);
    if (this.seal_failure !== null) throw this.seal_failure;
  }

  /** How far the rows go that are held, durable or not. */
  position(source: string): Ulid | null {
    const { generations } = this.parts.views.current;
    const newest = generations.findLast(({ positions }) => positions.has(source));
    return newest?.positions.get(source) ?? this.parts.keeper.durable_position(source);
  }

  /** Lets what is being written end; nothing is sealed or deleted after that. */
  async close(): Promise<void> {
    this.is_closed = true;
    clearTimeout(this.timer);
    clearTimeout(this.retry_timer);
    await this.appends.run(async () => undefined);
    await this.sealing;
    await this.parts.keeper.settled();
  }

  private get current_generation(): HotGeneration {
    const generation = this.parts.views.current.generations.at(-1);
    if (generation === undefined) throw new Error("the hot tier has no generation");
    return generation;
  }

  /** Whether a generation waits to be sealed. */
  private get has_frozen(): boolean {
    return this.parts.views.current.generations.length > 1;
  }

  private is_full({ span_count, bytes }: HotGeneration): boolean {
    return span_count >= this.parts.limits.rows_max || bytes >= this.parts.limits.bytes_max;
  }

  /** At most one generation is filled while another is sealed: that bounds the memory of both. */
  private async make_room(batch: DecodedBatch): Promise<void> {
    const generation = this.current_generation;
    if (!this.has_frozen || (!this.is_nearly_full(generation) && generation.has_room_for(batch))) return;
    await this.start_sealing();
    if (!this.has_frozen) return;
    throw new StoreError("unavailable", `the hot tier is full and can't be sealed: ${first_line(this.seal_failure)}`, {
      cause: this.seal_failure,
    });
  }

  private is_nearly_full({ span_count, bytes }: HotGeneration): boolean {
    return span_count * 2 >= this.parts.limits.rows_max || bytes * 2 >= this.parts.limits.bytes_max;
  }

  private async keep_dead_letters(dead_letters: readonly DeadLetter[]): Promise<void> {
    if (dead_letters.length === 0) return;
    const { writer, keeper } = this.parts;
    const put = async () => {
      for (const { source, key, reason, body } of dead_letters) {
        await writer.run(put_dead_letter_sql, { source, key: blobValue(key), reason, body: blobValue(body) });
      }
    };
    await keeper.alone(() => in_transaction(writer, put));
  }

  /** The same array as long as the view is the same, so that the admission knows that nothing has changed. */
  private other_sources(view: View, generation: HotGeneration): readonly RowSource[] {
    if (this.others?.view !== view) {
      this.others = { view, sources: view.sources.filter((source) => source !== generation) };
    }
    return this.others.sources;
  }

  /** From here on rows go into a new generation, with room for at least `needed`, and the others are sealed. */
  private rotate(needed: HotCapacity): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const { memory_pool, views } = this.parts;
    const next = new HotGeneration(this.current_generation.number + 1, memory_pool.take(needed));
    const { generations, segments } = views.current;
    views.replace(new View([...generations, next], segments));
    void this.start_sealing();
  }

  private seal_in_time(): void {
    if (this.timer !== undefined || this.is_closed) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      // What goes wrong is logged where it does, and tried again.
      this.seal().catch(() => undefined);
    }, this.parts.limits.age_max_ms);
  }

  /** Seals every generation but the current one, oldest first. Never rejects: what went wrong is `seal_failure`. */
  private start_sealing(): Promise<void> {
    this.sealing ??= this.seal_frozen().finally(() => {
      this.sealing = null;
      // One may have been frozen when the last look was over.
      if (this.has_frozen && this.seal_failure === null) void this.start_sealing();
    });
    return this.sealing;
  }

  private async seal_frozen(): Promise<void> {
    try {
      while (this.has_frozen) {
        await this.parts.keeper.seal(this.parts.views.current.generations[0]);
        this.parts.on_sealed();
      }
      this.seal_failure = null;
    } catch (error) {
      this.seal_failure = error;
      this.parts.metrics.seal_failures.inc();
      this.parts.on_seal_failed(error);
      if (!this.is_closed) this.retry_timer ??= setTimeout(() => this.retry(), RETRY_PAUSE_MS);
    }
  }

  private retry(): void {
    this.retry_timer = undefined;
    void this.start_sealing();
  }
}
