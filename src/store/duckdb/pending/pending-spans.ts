import type { DecodedBatch } from "../../../decode/index.ts";
import type { PendingRange } from "../../types.ts";
import { span_key, trace_id_of } from "../row-cell.ts";
import { end_us_of, type StartedSpan } from "./started-spans.ts";

/** What a held span takes beside its text. */
const HELD_BYTES = 1_000;

/** Of one trace: when anything of it was last heard of, by the times of its spans. */
type TraceSigns = { span_count: number; last_sign_us: bigint };

export type HeldSpan = StartedSpan & { last_sign_us: bigint };

/** What is to be written: a span that is held, or null for one that is no more, by key. */
export type PendingChanges = ReadonlyMap<string, StartedSpan | null>;

/**
 * Spans that have started and whose end has not come: in memory, and on disk with the position up to which the source was
 * read. A span is here or among the rows, never in both. Beyond `bytes_max` the oldest are given up.
 */
export class PendingSpans {
  private readonly spans = new Map<string, StartedSpan>();
  private readonly traces = new Map<string, TraceSigns>();
  private bytes = 0;
  private changes = new Map<string, StartedSpan | null>();
  /** Keys that are on disk: most spans end before they get there. */
  private readonly written = new Set<string>();

  constructor(
    written: Iterable<StartedSpan>,
    private readonly bytes_max: number,
    private readonly on_given_up: (count: number) => void,
  ) {
    for (const span of written) {
      this.hold(span);
      this.written.add(span.trace_id + span.span_id);
    }
  }

  get span_count(): number {
    return this.spans.size;
  }

  /** To be called for spans that are not among the rows. One that is held already is replaced. */
  put(started: readonly StartedSpan[]): void {
    for (const span of started) {
      const key = span.trace_id + span.span_id;
      this.remove(key);
      this.hold(span);
      this.changes.set(key, span);
    }
    this.give_up_oldest();
  }

  /** To be called for a batch whose rows are stored: those of them that are held here have ended. */
  note_stored(batch: DecodedBatch): void {
    if (this.spans.size === 0) return;
    for (let row = 0; row < batch.spans.row_count; row++) {
      const trace = this.traces.get(trace_id_of(batch, row));
      if (trace === undefined) continue;
      const end_us = end_us_of(batch, row);
      if (end_us > trace.last_sign_us) trace.last_sign_us = end_us;
      this.remove(span_key(batch, row));
    }
  }

  /** Gives how many spans went. */
  delete_trace(trace_id: string): number {
    return this.remove_where((span) => span.trace_id === trace_id);
  }

  remove_older(than_us: bigint): void {
    this.remove_where(({ start_us }) => start_us < than_us);
  }

  /** Of those that are held, only these. */
  retain(spans: readonly StartedSpan[]): void {
    const kept = new Set(spans);
    this.remove_where((span) => !kept.has(span));
  }

  /** Newest first, ties by id. */
  find({ service_name, trace_id, limit }: PendingRange): HeldSpan[] {
    const found = [...this.spans.values()].filter(
      (span) =>
        (service_name === null || span.service_name === service_name) &&
        (trace_id === null || span.trace_id === trace_id),
    );
    found.sort(by_place);
    return found.slice(0, limit).map((span) => ({
      ...span,
      last_sign_us: this.traces.get(span.trace_id)?.last_sign_us ?? span.start_us,
    }));
  }

  /** The newest start of a root of the service; null if it has none here. */
  newest_root_us(service_name: string): bigint | null {
    let newest: bigint | null = null;
    for (const span of this.spans.values()) {
      if (span.service_name !== service_name || span.parent_span_id !== null) continue;
      if (newest === null || span.start_us > newest) newest = span.start_us;
    }
    return newest;
  }

  /** What has changed since it was last asked: to be written, or put back if that fails. */
  take_changes(): PendingChanges {
    const { changes, written } = this;
    this.changes = new Map();
    for (const [key, span] of changes) {
      if (span === null) written.delete(key);
      else written.add(key);
    }
    return changes;
  }

  put_back(changes: PendingChanges): void {
    this.changes = new Map([...changes, ...this.changes]);
    // What may be on disk has to be deleted there.
    for (const key of changes.keys()) this.written.add(key);
  }

  private hold(span: StartedSpan): void {
    this.spans.set(span.trace_id + span.span_id, span);
    this.bytes += bytes_of(span);
    const trace = this.traces.get(span.trace_id) ?? { span_count: 0, last_sign_us: span.start_us };
    trace.span_count++;
    if (span.start_us > trace.last_sign_us) trace.last_sign_us = span.start_us;
    this.traces.set(span.trace_id, trace);
  }

  private remove(key: string): boolean {
    const span = this.spans.get(key);
    if (span === undefined) return false;
    this.spans.delete(key);
    this.bytes -= bytes_of(span);
    // What never got there need not be deleted there.
    if (this.written.has(key)) this.changes.set(key, null);
    else this.changes.delete(key);
    const trace = this.traces.get(span.trace_id);
    if (trace !== undefined && --trace.span_count === 0) this.traces.delete(span.trace_id);
    return true;
  }

  private remove_where(is_to_go: (span: StartedSpan) => boolean): number {
    const keys = Array.from(this.spans).flatMap(([key, span]) => (is_to_go(span) ? [key] : []));
    for (const key of keys) this.remove(key);
    return keys.length;
  }

  private give_up_oldest(): void {
    let count = 0;
    for (const key of this.spans.keys()) {
      if (this.bytes <= this.bytes_max) break;
      if (this.remove(key)) count++;
    }
    if (count > 0) this.on_given_up(count);
  }
}

const bytes_of = ({ json }: StartedSpan): number => HELD_BYTES + json.length;

function by_place(a: StartedSpan, b: StartedSpan): number {
  if (a.start_us !== b.start_us) return a.start_us > b.start_us ? -1 : 1;
  return compare(a.trace_id, b.trace_id) || compare(a.span_id, b.span_id);
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
