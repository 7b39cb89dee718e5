import type { Ulid } from "../wal/index.ts";

/** One serialized ExportTraceServiceRequest; its spans have the consecutive keys `first_key` to `last_key`. */
export type SpanRecord = {
  first_key: Ulid;
  last_key: Ulid;
  body: Uint8Array;
  /** The source knows that these are not the bytes that it was given. */
  is_damaged?: boolean;
};

export type SpanBatch = {
  records: readonly SpanRecord[];
  /** The highest key in the batch; null: it is empty. */
  last_key: Ulid | null;
  /** There may be more right now: read again before waiting. */
  has_more: boolean;
};

/** Where spans come from, in order. */
export interface SpanSource extends AsyncDisposable {
  /** Under which name positions are kept. */
  readonly name: string;

  /**
   * Records after `after` (exclusive; null: from the oldest), oldest first; an empty batch when there are none. It may
   * give records at or before `after` again, never skip one. Their bodies are good until the next read. Rejects with
   * PollError, and the same call may be made again.
   */
  read(after: Ulid | null, signal: AbortSignal): Promise<SpanBatch>;

  /** Resolves when `read` may have something new, or when `signal` is aborted. */
  wait(signal: AbortSignal): Promise<void>;

  /** Everything up to `through` is held for good: the source may forget it. */
  release(through: Ulid): void;
}

export type PollErrorCode = "unreachable" | "source_failed" | "no_progress";

/** A source did not give what it should; it may be asked again. */
export class PollError extends Error {
  override readonly name = "PollError";

  constructor(
    readonly code: PollErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
