import type { Ulid } from "./ulid.ts";

/** One accepted request: a serialized ExportTraceServiceRequest whose spans have the consecutive keys `first_key` to `last_key`. */
export type WalEntry = {
  first_key: Ulid;
  last_key: Ulid;
  span_count: number;
  body: Uint8Array;
  /** These are not the bytes that were queued, or not all of them: the disk has changed them. */
  is_damaged: boolean;
};

/**
 * The queue's writing side. One process at a time has it open.
 *
 * Keys rise strictly, also across restarts and when the clock steps back.
 */
export interface Wal extends AsyncDisposable {
  /**
   * Queues a request of `span_count` (at least 1) spans. Resolves when it is on disk: written and fdatasynced. Requests
   * that wait at the same time share one commit. Rejects with WalError, and then nothing of it is kept. The bytes must not
   * change until then.
   */
  append(body: Uint8Array, span_count: number): Promise<void>;

  /**
   * Lets go of entries whose last key is at most `through`. Space comes back a segment at a time, in the background: some
   * of them stay until the last of their segment may go. Idempotent.
   */
  trim(through: Ulid): void;

  /** What the queued entries take, committed or waiting, trimmed ones of a segment that is still needed too. */
  readonly queued_bytes: number;
}

/** The queue's reading side, in any thread of any process, while the writer writes. */
export interface WalReader extends Disposable {
  /**
   * Whole entries that hold keys after `after` (exclusive; null: from the oldest), oldest first. Stops before either
   * maximum is passed, but gives at least one entry if there is one: so that a large entry gets through alone.
   * The first entry may begin at or before `after` when `after` lies within it. An entry that is damaged holds up no
   * other: it comes as what is left of it. Throws WalError.
   */
  read(after: Ulid | null, limits: { span_count_max: number; bytes_max: number }): WalEntry[];
}

export type WalErrorCode =
  | "full"
  | "disk_low"
  | "write_failed"
  | "closed"
  /** Another process, or another part of this one, has the queue open for writing. */
  | "in_use"
  | "cannot_open"
  | "read_failed";

/** The queue did not do what it was asked. After a refused append the client may try again later. */
export class WalError extends Error {
  override readonly name = "WalError";

  constructor(
    readonly code: WalErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
