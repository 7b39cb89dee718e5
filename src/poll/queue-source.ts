import { LIMITS } from "../config/index.ts";
import { open_wal_reader, ReadMemory, type Ulid, type WalEntry, type WalReader } from "../wal/index.ts";
import { pause } from "./backoff.ts";
import type { SpanBatch, SpanSource } from "./types.ts";

/** Looks at the queue this often even when nobody has said that something landed. */
const LOOK_INTERVAL_MS = 1000;

const BATCH = { span_count_max: LIMITS.BATCH_SPANS_MAX, bytes_max: LIMITS.BATCH_BYTES_MAX };

/** Under this name the store keeps how far it holds the queue. */
export const QUEUE_SOURCE = "queue";

export type QueueSource = SpanSource & {
  /** Something has landed in the queue. */
  wake(): void;
};

/** The queue of this process as a source. `trim` is what gives its space back. */
export function open_queue_source(directory: string, trim: (through: Ulid) => void): QueueSource {
  return new LocalQueueSource(open_wal_reader(directory, new ReadMemory()), trim);
}

class LocalQueueSource implements QueueSource {
  readonly name = QUEUE_SOURCE;
  private has_landed = false;
  private read_at_ms = 0;
  private wake_waiting: () => void = () => undefined;

  constructor(
    private readonly reader: WalReader,
    private readonly trim: (through: Ulid) => void,
  ) {}

  async read(after: Ulid | null): Promise<SpanBatch> {
    this.has_landed = false;
    this.read_at_ms = performance.now();
    const entries = this.reader.read(after, BATCH);
    return {
      records: entries,
      last_key: entries.at(-1)?.last_key ?? null,
      has_more: is_half_full(entries),
    };
  }

  /** Under a trickle, what lands shortly after a read waits for the next: a transaction for each would eat the CPU. */
  async wait(signal: AbortSignal): Promise<void> {
    const rest_ms = this.read_at_ms + LIMITS.FLUSH_INTERVAL_MS - performance.now();
    if (rest_ms > 0) await pause(rest_ms, signal);
    if (this.has_landed) return;
    const woken = new AbortController();
    this.wake_waiting = () => woken.abort();
    await pause(LOOK_INTERVAL_MS, AbortSignal.any([signal, woken.signal]));
  }

  wake(): void {
    this.has_landed = true;
    this.wake_waiting();
  }

  release(through: Ulid): void {
    this.trim(through);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.reader[Symbol.dispose]();
  }
}

/** A batch ends before it passes a maximum, so one that is half full may have left something behind. */
function is_half_full(entries: readonly WalEntry[]): boolean {
  const span_count = entries.reduce((sum, entry) => sum + entry.span_count, 0);
  const bytes = entries.reduce((sum, { body }) => sum + body.length, 0);
  return span_count * 2 >= BATCH.span_count_max || bytes * 2 >= BATCH.bytes_max;
}
