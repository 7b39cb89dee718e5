import type { DecodedBatch } from "../decode/index.ts";
import type { SpanRow } from "../encode/index.ts";
import type { AttributeField, SpanFilter } from "../filter/index.ts";
import type { Ulid } from "../wal/index.ts";
import type {
  Dependency,
  Operation,
  PendingRange,
  PendingSpan,
  ServiceActivity,
  SpanCounts,
  SqlAnswer,
  StatePatch,
  TailEvent,
  TimeParts,
  TracePage,
} from "./answers.ts";

export type * from "./answers.ts";

/** Where in a source the rows of a batch end. `source` names the queue or the remote service. */
export type SourcePosition = { source: string; last_key: Ulid };

/** A record that could not be decoded, kept whole with the reason. */
export type DeadLetter = { source: string; key: Ulid; reason: string; body: Uint8Array };

export type AppendResult = {
  /** Rows that were new. */
  inserted_spans: number;
  inserted_patches: number;
  /** Spans that were there already: a replay or a client's retry. The first one stays, with its patches. */
  duplicate_spans: number;
  /** Records that a span has started: kept apart until it ends. */
  started_spans: number;
};

/** Where a span stands in every list: newest start time first, ties by trace_id and span_id ascending. */
export type RowKey = { start_us: bigint; trace_id: string; span_id: string };

/**
 * A page of spans, each as the JSON text of one row (DESIGN.md section 5). Rows are fetched as they are read: whoever does
 * not read them to the end calls `return`, and nobody takes longer than LIMITS.PAGE_READ_MS_MAX.
 */
export type SpanPage = {
  has_more: boolean;
  /** The key of the page's last row where there is more: `after` of the next page. */
  next: RowKey | null;
  rows: AsyncIterableIterator<string>;
};

/** Which rows of a list. Times are those at which spans start, in microseconds since 1970, both ends included. */
export type PageRange = {
  /** Null: all of them. */
  limit: number | null;
  offset: number;
  since_us?: bigint | null;
  until_us?: bigint | null;
  /** Only rows behind this one. */
  after?: RowKey | null;
};

/** Where a trace stands among those that were found: newest matching span first, ties by trace_id ascending. */
export type TraceKey = { start_us: bigint; trace_id: string };

/** Which part of what is found. Times as in PageRange, of the spans that match. */
export type SearchRange = {
  limit: number;
  since_us: bigint | null;
  until_us: bigint | null;
  /** Only traces behind this one. */
  after: TraceKey | null;
};

/** Which list of a service's spans: those without a parent, such of them whose trace has an LLM span, workflows, or all. */
export type ListKind = "roots" | "llm_roots" | "workflows" | "spans";

/**
 * Where spans stay and are asked for. Ids are lower-case hex; times are those of the spans.
 *
 * Each span, by (trace_id, span_id), and each state patch is held once, whatever comes again. A span that has not ended is
 * held apart until its end comes, and only `pending_spans` tells of it. Reads see every append that has resolved. All methods
 * reject with StoreError.
 */
export interface SpanStore extends AsyncDisposable {
  /**
   * Takes all rows of the batch and its dead letters. When it resolves they can be asked for; when it rejects, no span of
   * it is kept. They are durable once `durable_position` has reached `position`: until then the source must keep them, and
   * they are taken again after a crash. The batch may have lost rows that were there already.
   */
  append(batch: DecodedBatch, dead_letters: readonly DeadLetter[], position: SourcePosition): Promise<AppendResult>;

  /** Makes durable what was appended. Happens by itself when enough has come together, and after a while. */
  seal(): Promise<void>;

  /**
   * Takes a trace out of everything that is kept here, and gives how many spans went. When it resolves they are gone from
   * the files too, but for those that somebody is reading. A source that still has requests with spans of it may bring those
   * that were not read yet.
   */
  delete_trace(trace_id: string): Promise<number>;

  /** Removes what is older or more than the options say, and keeps files few. Happens by itself. */
  tidy(): Promise<void>;

  /**
   * Does now what is done once only for whoever asks first, for about as long at most; so that the first answer takes no
   * longer than the others. To be called before there is anybody.
   */
  warm_up(ms_max: number): Promise<void>;

  /** The key of `source` up to which rows are on disk, or null. Throws StoreError when an error has closed the store. */
  durable_position(source: string): Ulid | null;

  /** The key of `source` behind which `append` goes on: opens the store again if an error has closed it. */
  position(source: string): Promise<Ulid | null>;

  /** Distinct service names, ascending by their UTF-8 bytes. */
  service_names(range: Pick<PageRange, "limit" | "offset">): Promise<{ has_more: boolean; names: string[] }>;

  list(kind: ListKind, service_name: string, range: PageRange): Promise<SpanPage>;

  trace_spans(trace_id: string, range: PageRange): Promise<SpanPage>;

  /** One span's row, or null. */
  span(trace_id: string, span_id: string): Promise<string | null>;

  /** The trace's rows as values, in no order, fetched as those of a SpanPage are. */
  whole_spans(trace_id: string): Promise<AsyncIterableIterator<SpanRow>>;

  /**
   * Finds traces that have a span for which the filter holds (null: a root), newest first. Whether a trace matches depends on
   * all of its spans, wherever they are; the pages of a search have no trace twice.
   */
  search(filter: SpanFilter | null, range: SearchRange): Promise<TracePage>;

  /**
   * Follows what is appended from now on, until the signal is aborted: traces with a new span for which the filter holds
   * (null: a root), as they are then. A few times a second at most; whoever comes too late, or too much at once, gets a gap.
   * Throws StoreError `overloaded` when too many follow already.
   */
  tail(filter: SpanFilter | null, signal: AbortSignal): AsyncGenerator<TailEvent>;

  /** Counts the spans for which the filter holds (null: roots). */
  count_spans(filter: SpanFilter | null, parts: TimeParts): Promise<SpanCounts>;

  /** What each service's roots did, by name ascending. */
  services(parts: TimeParts): Promise<ServiceActivity[]>;

  /** What the service's spans are called, at least its newest ones, by name and kind ascending. */
  operations(service_name: string, limit: number): Promise<Operation[]>;

  /**
   * Which service calls which: of spans that start in the time range, both ends included, and at least of the newest of
   * them. By parent and child ascending.
   */
  dependencies(range: { since_us: bigint; until_us: bigint }): Promise<Dependency[]>;

  /** Keys of attributes that some of the newest spans have, those that most of them have first. */
  attribute_keys(level: "span" | "resource", limit: number): Promise<string[]>;

  /** Values of an attribute among some of the newest spans, as text that begins with `prefix`, the most frequent first. */
  attribute_values(field: AttributeField, prefix: string, limit: number): Promise<string[]>;

  /** The state patches of a trace, oldest first; those of one span and time in the order of its events. */
  state_patches(trace_id: string): Promise<StatePatch[]>;

  /** Spans that have started and not ended, newest first, ties by id. */
  pending_spans(range: PendingRange): Promise<PendingSpan[]>;

  /**
   * Answers one SELECT, in DuckDB's SQL, over all rows as `spans` and `state_patches`. Nothing can be changed and no other
   * file be read with it. At most LIMITS.SQL_ROWS_MAX rows of LIMITS.SQL_BYTES_MAX. Rejects with `refused` when it is not understood.
   */
  sql(select: string): Promise<SqlAnswer>;
}

/** Segments' directories, by absolute path, whose files stay and do not change until it is disposed of. */
export type SegmentLease = Disposable & { readonly directories: readonly string[] };

/** A store whose rows are in files of its own, which others may copy and read. Only they need to know of it. */
export interface FileBackedStore extends SpanStore {
  /**
   * Resolves when no file is being written, and then none is until it is disposed of: they stand still, to be copied.
   * Questions are answered meanwhile, and appends taken as far as there is room.
   */
  hold(): Promise<Disposable>;

  /**
   * Makes durable what was appended, and gives the segments that together hold each row of it once. They can be read with
   * other means. Appending, sealing and merging go on meanwhile; what is replaced or deleted keeps its place on the disk.
   */
  lease(): Promise<SegmentLease>;
}

export type StoreErrorCode =
  | "unavailable"
  /** A row or dead letter is not what it should be: the same batch will be refused again. */
  | "constraint"
  /** More questions wait than are answered in time: ask later. */
  | "overloaded"
  /** What was asked for is not understood or not allowed: the message is for whoever asked. */
  | "refused"
  /** A question took longer than it may, and was broken off. */
  | "timeout"
  | "schema_too_new"
  | "closed";

/** What went wrong in the store. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  constructor(
    readonly code: StoreErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}
