import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import type { Logger } from "../../../observe/index.ts";
import type { Ulid } from "../../../wal/index.ts";
import type { HotGeneration } from "../hot/generation.ts";
import type { HotMemoryPool } from "../hot/hot-memory-pool.ts";
import type { PendingSpans } from "../pending/pending-spans.ts";
import { write_pending_spans } from "../pending/pending-table.ts";
import { hash_trace_id } from "../keys/key-hash.ts";
import { sql_text } from "../row-source.ts";
import { Serial } from "../serial.ts";
import type { StoreMetrics } from "../store-metrics.ts";
import type { StraddlingLlmTraces } from "../straddling.ts";
import { View, type Views } from "../views.ts";
import type { Catalog } from "./catalog.ts";
import { plan_merge } from "./merge-plan.ts";
import { furthest_positions } from "./reconcile.ts";
import { mark_obsolete, remove_segment } from "./segment-directory.ts";
import { plan_retention, retention_cutoff_ms, type RetentionLimits } from "./retention-plan.ts";
import type { Segment } from "./segment.ts";
import type { SegmentReaders } from "./segment-readers.ts";
import { type UnnamedSegment, write_segment, write_unnamed_segment } from "./segment-writer.ts";
import type { Sealer } from "./sealer.ts";

export type KeeperParts = {
  /** Turns generations into files. */
  sealer: Sealer;
  /** Makes one segment of several: beside the other, since it takes longer than rows may wait to be sealed. */
  merger: Sealer;
  memory_pool: HotMemoryPool;
  /** To look into segments, and to drop tables. */
  connection: DuckDBConnection;
  catalog: Catalog;
  views: Views;
  straddling: StraddlingLlmTraces;
  pending: PendingSpans;
  /** How far each source is in segments. */
  durable_positions: Map<string, Ulid>;
  directory: string;
  segment_readers: SegmentReaders;
  /** Of a segment that is made of others: one with half of them is left alone. */
  segment_rows_max: number;
  retention: RetentionLimits;
  logger: Logger;
  metrics: StoreMetrics;
  /** After a change was committed, what keeps the database in shape went wrong. */
  on_catalog_failed: (error: unknown) => void;
};

/**
 * Writes segments, makes one of several, and does away with them: each is on disk before the view changes, one change at a
 * time, and each such that a crash at any point leaves either what was or what was to be (see recover_segments).
 */
export class SegmentKeeper {
  /** What takes segments away. It may wait for a turn in `files`, never the other way around. */
  private readonly removals = new Serial();
  /** What changes files or the catalog, but for a merge that is on its way. */
  private readonly files = new Serial();
  /** Neither the catalog nor anybody who reads knows them any more. */
  private readonly obsolete: Segment[] = [];
  private are_rows_named = false;

  constructor(private readonly parts: KeeperParts) {}

  durable_position(source: string): Ulid | null {
    return this.parts.durable_positions.get(source) ?? null;
  }

  /** Nothing is written or deleted until it is disposed of. */
  async hold(): Promise<Disposable> {
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const { promise: held, resolve: begin } = Promise.withResolvers<void>();
    void this.removals.run(() =>
      this.files.run(() => {
        begin();
        return released;
      }),
    );
    await held;
    return { [Symbol.dispose]: release };
  }

  /** Runs what writes to the database file beside the keeper, while nothing else does. */
  alone(work: () => Promise<void>): Promise<void> {
    return this.files.run(work);
  }

  /** Turns a generation of the hot tier, which changes no more, into a segment. */
  seal(generation: HotGeneration): Promise<void> {
    return this.files.run(async () => {
      const { views, durable_positions, metrics } = this.parts;
      const end_timer = metrics.seal_seconds.startTimer();
      const segment = generation.span_count === 0 ? null : await this.write_generation(generation);
      await this.commit(segment === null ? [] : [segment], [], generation.positions, generation.straddling_llm_traces);
      for (const [source, key] of generation.positions) durable_positions.set(source, key);
      const { generations, segments } = views.current;
      views.replace(
        new View(
          generations.filter((other) => other !== generation),
          segment === null ? segments : [...segments, segment],
        ),
        () => this.drop(generation),
      );
      end_timer();
      // What its rows were decoded from lies outside of JavaScript's heap, so that the collector would come late.
      Bun.gc(true);
    });
  }

  /** Removes what is too old or too much, and makes larger segments of small ones, until all is tidy or `is_over`. */
  async tidy(is_over: () => boolean): Promise<void> {
    await this.remove(async () => {
      await this.remove_obsolete();
      await this.retain();
    });
    while (!is_over() && (await this.removals.run(() => this.merge())));
  }

  /** Takes a trace out of every segment that has it, and gives how many spans went. */
  delete_trace(trace_id: string): Promise<number> {
    return this.remove(async () => {
      const trace = hash_trace_id(trace_id);
      let count = 0;
      for (const segment of this.parts.views.current.segments) {
        if (!segment.keys.may_hold_trace(trace)) continue;
        const spans = await this.count(segment, trace_id);
        if (spans === 0) continue;
        const output = await this.write_merged(this.parts.sealer, [segment], trace_id);
        await this.replace([segment], (await output?.name()) ?? null);
        count += spans;
      }
      const pending = this.parts.pending.delete_trace(trace_id);
      if (pending > 0) await this.commit([], [], new Map(), []);
      return count + pending;
    });
  }

  /** Resolves when nothing is being written or waits to be. */
  async settled(): Promise<void> {
    await this.remove(async () => undefined);
    await this.parts.views.settled();
  }

  private remove<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.removals.run(() => this.files.run(work));
  }

  /** Nobody reads it any more. */
  private async drop({ memory, tables }: HotGeneration): Promise<void> {
    // At once: the next generation but one is waiting for it.
    this.parts.memory_pool.put_back(memory);
    await this.files.run(() => tables.drop(this.parts.connection));
  }

  private async retain(): Promise<void> {
    const { views, pending, retention, logger, metrics } = this.parts;
    const now_ms = Date.now();
    const cutoff_ms = retention_cutoff_ms(retention, now_ms);
    if (cutoff_ms !== null) pending.remove_older(BigInt(cutoff_ms) * 1000n);
    const removed = plan_retention(views.current.segments, retention, now_ms);
    if (removed.length === 0) return;
    await this.replace(removed, null);
    const spans = removed.reduce((sum, { manifest }) => sum + manifest.span_count, 0);
    metrics.retired_spans.inc(spans);
    logger.info({ segments: removed.length, spans }, "segments were removed for their age or size");
  }

  private async merge(): Promise<boolean> {
    const { views, segment_rows_max, metrics } = this.parts;
    const inputs = plan_merge(views.current.segments, segment_rows_max);
    if (inputs.length < 2) return false;
    // Nothing else takes segments away meanwhile. (Holding the view would keep generations that were sealed since.)
    const output = await this.write_merged(this.parts.merger, inputs, null);
    await this.files.run(async () => this.replace(inputs, (await output?.name()) ?? null));
    metrics.merged_segments.inc(inputs.length);
    return true;
  }

  /** Writes the rows of some segments as one, without those of a trace. */
  private write_merged(
    writer: Sealer,
    inputs: readonly Segment[],
    except_trace_id: string | null,
  ): Promise<UnnamedSegment | null> {
    const facts = {
      decoded_bytes: inputs.reduce((sum, { manifest }) => sum + manifest.decoded_bytes, 0),
      positions: furthest_positions(inputs),
      // What was made of others, which somebody still reads, may go before them.
      replaces: inputs.flatMap(({ id, manifest }) => [id, ...manifest.replaces.filter((of) => this.is_there(of))]),
    };
    const write_rows = (path: string) => writer.merge(inputs, except_trace_id, path);
    return write_unnamed_segment(this.parts.directory, facts, write_rows);
  }

  /** Puts one segment in the place of others. */
  private async replace(inputs: readonly Segment[], output: Segment | null): Promise<void> {
    const { views, straddling, segment_readers } = this.parts;
    const added = output === null ? [] : [output];
    const next = () =>
      new View(views.current.generations, [
        ...views.current.segments.filter((segment) => !inputs.includes(segment)),
        ...added,
      ]);
    const removed_ids = inputs.map(({ id }) => id);
    await this.commit(added, removed_ids, new Map(), [], straddling.obsolete(inputs, next().sources));
    await straddling.remove_obsolete(inputs, () => next().sources);
    views.replace(next(), () =>
      this.files.run(async () => {
        for (const { id } of inputs) segment_readers.drop(id);
        this.obsolete.push(...inputs);
        await this.remove_obsolete();
      }),
    );
    for (const { directory } of inputs) mark_obsolete(directory);
  }

  /**
   * Takes away the files of segments that are none any more, once the database file itself says so: if they were gone before,
   * and the log that says it were lost, the file would count them, and not what was made of them.
   */
  private async remove_obsolete(): Promise<void> {
    if (this.obsolete.length === 0) return;
    await this.parts.catalog.checkpoint();
    for (const { directory } of this.obsolete.splice(0)) remove_segment(directory);
  }

  private write_generation(generation: HotGeneration): Promise<Segment | null> {
    const { sealer, directory } = this.parts;
    const facts = { decoded_bytes: generation.bytes, positions: generation.positions, replaces: [] };
    return write_segment(directory, facts, (path) => sealer.write(generation, path));
  }

  private async commit(
    added: readonly Segment[],
    removed_ids: readonly string[],
    positions: ReadonlyMap<string, Ulid>,
    new_straddling_llm_traces: Iterable<string>,
    old_straddling_llm_traces: readonly string[] = [],
  ): Promise<void> {
    const { catalog, connection, pending } = this.parts;
    const changes = pending.take_changes();
    try {
      await catalog.change({
        added,
        removed_ids,
        positions,
        new_straddling_llm_traces,
        old_straddling_llm_traces,
        also: () => write_pending_spans(connection, changes),
      });
    } catch (error) {
      pending.put_back(changes);
      await this.discard(added);
      throw error;
    }
    await this.look_after_catalog(added.length > 0);
  }

  /** The next attempt, which may come for want of room, writes them anew. */
  private async discard(segments: readonly Segment[]): Promise<void> {
    // If the catalog can't be asked, they are judged at the next start: what was to be undone may have been done.
    const known = await this.parts.catalog.segment_ids().catch(() => null);
    for (const { id, directory } of segments) if (known?.includes(id) === false) remove_segment(directory);
  }

  /** What fails here does not undo what was committed. */
  private async look_after_catalog(has_segments: boolean): Promise<void> {
    const { catalog, directory, views, on_catalog_failed } = this.parts;
    try {
      if (has_segments && !this.are_rows_named) {
        await catalog.name_rows(directory, views.current.segments);
        this.are_rows_named = true;
      }
      await catalog.checkpoint_when_long();
    } catch (error) {
      on_catalog_failed(error);
    }
  }

  private is_there(segment_id: string): boolean {
    return existsSync(join(this.parts.directory, segment_id));
  }

  private async count(segment: Segment, trace_id: string): Promise<number> {
    const found = await this.parts.connection.runAndReadAll(
      `SELECT count(*) FROM ${segment.spans_table} WHERE trace_id = ${sql_text(trace_id)}`,
    );
    return Number(found.getRows()[0]?.[0]);
  }
}
