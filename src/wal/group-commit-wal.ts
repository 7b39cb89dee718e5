import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { create_logger, create_metrics, type Logger, type Metrics } from "../observe/index.ts";
import { DiskSpace } from "./disk-space.ts";
import { lock_queue } from "./lock.ts";
import { open_queue } from "./open-queue.ts";
import type { NewEntry, QueueFile } from "./queue-file.ts";
import { Trimmer } from "./trimmer.ts";
import { type Wal, WalError } from "./types.ts";
import { add_to_ulid, compare_ulids, type Ulid, ulid_of } from "./ulid.ts";

export type WalOptions = {
  path: string;
  /** Bytes of queued bodies beyond which appends are refused. */
  bytes_max: number;
  /** Free disk below which appends are refused. */
  disk_free_bytes_min: number;
  /** Called after each commit. */
  on_commit?: () => void;
  metrics?: Metrics;
  logger?: Logger;
  /** The clock, in milliseconds since 1970. */
  now_ms?: () => number;
};

/** Opens the queue for writing, whatever of it is damaged, and makes it if there is none. Throws WalError `in_use` or `cannot_open`. */
export function open_wal(options: WalOptions): Wal {
  using cleanup = new DisposableStack();
  try {
    mkdirSync(dirname(options.path), { recursive: true });
    const lock = cleanup.use(lock_queue(options.path));
    const { file, damaged_entries } = open_queue(options.path, options.logger ?? create_logger("silent"));
    cleanup.use(file);
    const wal = new GroupCommitWal(file, damaged_entries, lock, options);
    cleanup.move();
    return wal;
  } catch (cause) {
    if (cause instanceof WalError) throw cause;
    throw new WalError("cannot_open", `cannot open the queue ${options.path}: ${message_of(cause)}`, { cause });
  }
}

type WaitingRequest = {
  body: Uint8Array;
  span_count: number;
  resolve: () => void;
  reject: (error: WalError) => void;
};

class GroupCommitWal implements Wal {
  queued_bytes: number;
  private highest_key: Ulid;
  private waiting: WaitingRequest[] = [];
  private is_closed = false;
  private readonly disk: DiskSpace;
  private readonly trimmer: Trimmer;
  private readonly metrics: ReturnType<typeof wal_metrics>;
  private readonly now_ms: () => number;

  constructor(
    private readonly file: QueueFile,
    damaged_entries: number,
    private readonly lock: Disposable,
    private readonly options: WalOptions,
  ) {
    ({ highest_key: this.highest_key, queued_bytes: this.queued_bytes } = file.state());
    this.disk = new DiskSpace(dirname(options.path), options.disk_free_bytes_min);
    this.metrics = wal_metrics(options.metrics ?? create_metrics());
    this.metrics.queued_bytes.set(this.queued_bytes);
    this.metrics.corrupt_entries.inc(damaged_entries);
    this.now_ms = options.now_ms ?? Date.now;
    const on_trimmed = (bytes: number) => this.count_queued(-bytes);
    this.trimmer = new Trimmer(file, on_trimmed, options.logger ?? create_logger("silent"));
  }

  async append(body: Uint8Array, span_count: number): Promise<void> {
    this.refuse_if_unable(body.length);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.waiting.push({ body, span_count, resolve, reject });
    this.count_queued(body.length);
    // Whatever else arrives in this turn of the event loop goes into the same commit.
    if (this.waiting.length === 1) setImmediate(() => this.commit_waiting());
    return promise;
  }

  trim(through: Ulid): void {
    if (!this.is_closed) this.trimmer.trim(through);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.is_closed) return;
    this.is_closed = true;
    this.commit_waiting();
    this.trimmer[Symbol.dispose]();
    this.file[Symbol.dispose]();
    this.lock[Symbol.dispose]();
  }

  private refuse_if_unable(body_bytes: number): void {
    const { path, bytes_max, disk_free_bytes_min } = this.options;
    if (this.is_closed) throw new WalError("closed", "the queue is closed");
    if (this.queued_bytes + body_bytes > bytes_max) {
      throw new WalError("full", `the queue holds ${this.queued_bytes} of at most ${bytes_max} bytes`);
    }
    if (this.is_disk_low()) {
      throw new WalError("disk_low", `less than ${disk_free_bytes_min} bytes are free on the disk of ${path}`);
    }
  }

  private is_disk_low(): boolean {
    try {
      return this.disk.is_low();
    } catch (cause) {
      throw new WalError("write_failed", `cannot see the disk of ${this.options.path}: ${message_of(cause)}`, {
        cause,
      });
    }
  }

  private commit_waiting(): void {
    const requests = this.waiting;
    if (requests.length === 0) return;
    this.waiting = [];
    const observe_duration = this.metrics.commit_seconds.startTimer();
    const entries = requests.map(this.with_keys);
    try {
      this.file.append(entries, this.highest_key);
    } catch (cause) {
      const error = new WalError("write_failed", `the queue could not be written: ${message_of(cause)}`, { cause });
      for (const { body, reject } of requests) {
        this.count_queued(-body.length);
        reject(error);
      }
      return;
    }
    observe_duration();
    this.metrics.commit_requests.observe(requests.length);
    for (const { resolve } of requests) resolve();
    this.options.on_commit?.();
  }

  /** Reserves a key for each span. Keys of a commit that fails are never used. */
  private readonly with_keys = ({ body, span_count }: WaitingRequest): NewEntry => {
    const fresh = ulid_of(this.now_ms());
    const first_key = compare_ulids(fresh, this.highest_key) > 0 ? fresh : add_to_ulid(this.highest_key, 1);
    this.highest_key = add_to_ulid(first_key, span_count - 1);
    return { first_key, span_count, body };
  };

  private count_queued(bytes: number): void {
    this.queued_bytes += bytes;
    this.metrics.queued_bytes.set(this.queued_bytes);
  }
}

function wal_metrics(metrics: Metrics) {
  return {
    queued_bytes: metrics.gauge("wal_queued_bytes", "Bytes of requests in the queue"),
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
