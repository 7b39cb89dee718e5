import { mkdirSync } from "node:fs";
import { create_logger, create_metrics, type Logger, type Metrics } from "../observe/index.ts";
import { DiskSpace } from "./disk-space.ts";
import type { KeySource } from "./key-source.ts";
import { lock_queue } from "./lock.ts";
import { open_queue } from "./open-queue.ts";
import { record_bytes } from "./record.ts";
import type { SegmentLog } from "./segment-log.ts";
import { take_over_sqlite_queue, undo_unfinished_take_over } from "./sqlite-queue.ts";
import { Trimmer } from "./trimmer.ts";
import { type Wal, WalError } from "./types.ts";
import { compare_ulids, type Ulid } from "./ulid.ts";

/** Large enough that beginning one is rare, small enough that its space is not missed until it comes back. */
const SEGMENT_BYTES_MAX = 64 * 1024 * 1024;
/** Space comes back a segment at a time: a small queue must not be filled by what was trimmed. */
const SEGMENTS_MIN = 8;

export type WalOptions = {
  directory: string;
  /** Queued bytes beyond which appends are refused. */
  bytes_max: number;
  /** Free disk below which appends are refused. */
  disk_free_bytes_min: number;
  /** Called after each commit. */
  on_commit?: () => void;
  metrics?: Metrics;
  logger?: Logger;
  /** The clock, in milliseconds since 1970. */
  now_ms?: () => number;
  /** Keys lie above this one, which a reader holds, even if the queue knows nothing of it any more. */
  keys_above?: Ulid | null;
};

/** Opens the queue for writing, whatever of it is damaged, and makes it if there is none. Throws WalError `in_use` or `cannot_open`. */
export function open_wal(options: WalOptions): Wal {
  const { directory, bytes_max, keys_above = null, now_ms = Date.now, logger = create_logger("silent") } = options;
  using cleanup = new DisposableStack();
  try {
    mkdirSync(directory, { recursive: true });
    const lock = cleanup.use(lock_queue(directory));
    undo_unfinished_take_over(directory);
    const segment_bytes_max = Math.min(SEGMENT_BYTES_MAX, Math.floor(bytes_max / SEGMENTS_MIN));
    const opened = open_queue(directory, { segment_bytes_max, now_ms, logger });
    const log = cleanup.use(opened.log);
    const lost_entries = take_over_sqlite_queue(directory, opened, logger);
    // Not before: what is taken over may lie below what a reader holds.
    if (keys_above !== null) opened.keys.raise(keys_above);
    log.begin();
    const parts = { log, keys: opened.keys, lock, segment_bytes_max };
    const wal = new GroupCommitWal(parts, opened.damaged_entries + lost_entries, options);
    cleanup.move();
    return wal;
  } catch (cause) {
    if (cause instanceof WalError) throw cause;
    throw new WalError("cannot_open", `cannot open the queue ${directory}: ${message_of(cause)}`, { cause });
  }
}

type Parts = { log: SegmentLog; keys: KeySource; lock: Disposable; segment_bytes_max: number };

type WaitingRequest = {
  body: Uint8Array;
  span_count: number;
  resolve: () => void;
  reject: (error: WalError) => void;
};

class GroupCommitWal implements Wal {
  queued_bytes: number;
  private waiting: WaitingRequest[] = [];
  private is_closed = false;
  private readonly disk: DiskSpace;
  private readonly trimmer: Trimmer;
  private readonly metrics: ReturnType<typeof wal_metrics>;

  constructor(
    private readonly parts: Parts,
    damaged_entries: number,
    private readonly options: WalOptions,
  ) {
    this.queued_bytes = parts.log.record_bytes;
    this.disk = new DiskSpace(options.directory, options.disk_free_bytes_min);
    this.metrics = wal_metrics(options.metrics ?? create_metrics());
    this.metrics.queued_bytes.set(this.queued_bytes);
    this.metrics.corrupt_entries.inc(damaged_entries);
    const on_trimmed = (bytes: number) => this.count_queued(-bytes);
    this.trimmer = new Trimmer(parts.log, on_trimmed, options.logger ?? create_logger("silent"));
  }

  async append(body: Uint8Array, span_count: number): Promise<void> {
    const bytes = record_bytes(body.length);
    this.refuse_if_unable(bytes);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.waiting.push({ body, span_count, resolve, reject });
    this.count_queued(bytes);
    // Whatever else arrives in this turn of the event loop goes into the same commit.
    if (this.waiting.length === 1) setImmediate(() => this.commit_waiting());
    return promise;
  }

  trim(through: Ulid): void {
    if (this.is_closed) return;
    // A key that nobody has yet says nothing about the entry that will have it.
    const { highest } = this.parts.keys;
    this.trimmer.trim(compare_ulids(through, highest) < 0 ? through : highest);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.is_closed) return;
    this.is_closed = true;
    this.commit_waiting();
    await this.trimmer[Symbol.asyncDispose]();
    this.parts.log[Symbol.dispose]();
    this.parts.lock[Symbol.dispose]();
  }

  private refuse_if_unable(bytes: number): void {
    const { directory, bytes_max, disk_free_bytes_min } = this.options;
    if (this.is_closed) throw new WalError("closed", "the queue is closed");
    if (this.queued_bytes + bytes > bytes_max) {
      throw new WalError("full", `the queue holds ${this.queued_bytes} of at most ${bytes_max} bytes`);
    }
    if (this.is_disk_low()) {
      throw new WalError("disk_low", `less than ${disk_free_bytes_min} bytes are free on the disk of ${directory}`);
    }
  }

  private is_disk_low(): boolean {
    try {
      return this.disk.is_low();
    } catch (cause) {
      throw new WalError("write_failed", `cannot see the disk of ${this.options.directory}: ${message_of(cause)}`, {
        cause,
      });
    }
  }

  private commit_waiting(): void {
    while (this.waiting.length > 0) this.commit(this.waiting.splice(0, this.group_size()));
  }

  /** How many of those that wait go into one commit: as many as fit into a segment, and one at least. */
  private group_size(): number {
    let bytes = 0;
    const size = this.waiting.findIndex(
      ({ body }) => (bytes += record_bytes(body.length)) > this.parts.segment_bytes_max,
    );
    return size === -1 ? this.waiting.length : Math.max(1, size);
  }

  private commit(requests: readonly WaitingRequest[]): void {
    const observe_duration = this.metrics.commit_seconds.startTimer();
    const records = requests.map(({ body, span_count }) => {
      // Keys of a commit that fails are never used.
      return { first_key: this.parts.keys.next(span_count), span_count, body };
    });
    try {
      this.parts.log.append(records);
    } catch (cause) {
      const error = new WalError("write_failed", `the queue could not be written: ${message_of(cause)}`, { cause });
      for (const { body, reject } of requests) {
        this.count_queued(-record_bytes(body.length));
        reject(error);
      }
      return;
    }
    observe_duration();
    this.metrics.commit_requests.observe(requests.length);
    for (const { resolve } of requests) resolve();
    this.options.on_commit?.();
  }

  private count_queued(bytes: number): void {
    this.queued_bytes += bytes;
    this.metrics.queued_bytes.set(this.queued_bytes);
  }
}

function wal_metrics(metrics: Metrics) {
  return {
    queued_bytes: metrics.gauge("wal_queued_bytes", "Bytes that the requests in the queue take"),
    corrupt_entries: metrics.counter(
      "wal_corrupt_entries_total",
      "Entries of the queue that were found damaged when it was opened",
    ),
    commit_seconds: metrics.histogram("wal_commit_seconds", "Time that a commit of the queue took, fsync included"),
    commit_requests: metrics.histogram(
      "wal_commit_requests",
      "Requests that shared a commit of the queue",
      [],
      [1, 2, 4, 8, 16, 32, 64, 128],
    ),
  };
}

const message_of = (error: unknown): string => (error instanceof Error ? error.message : String(error));
