import type { DecodedBatch } from "../decode/index.ts";
import type { Ulid } from "../wal/index.ts";

/** Where in a source the rows of a batch end. `source` names the queue or the remote service. */
export type SourcePosition = { source: string; last_key: Ulid };

/** A record that could not be decoded, kept whole with the reason. */
export type DeadLetter = { source: string; key: Ulid; reason: string; body: Uint8Array };

export type AppendResult = {
  /** Rows that were new. The others were there already: a replay or a client's retry. */
  inserted_spans: number;
  inserted_patches: number;
  /** Patches that were refused, each with an error that names it. The rest of the batch is kept. */
  refused_patches: StoreError[];
};

/** A page of spans, each as the JSON text of one row (DESIGN.md section 5). Rows are fetched as they are read. */
export type SpanPage = { has_more: boolean; rows: AsyncIterable<string> };

/** `limit` null: all of them. */
export type PageRange = { limit: number | null; offset: number };

/**
 * Where spans stay and are asked for. Ids are lower-case hex; times are those of the spans.
 *
 * Lists come newest start time first, ties by trace_id and span_id ascending. Reads see every append that has resolved.
 * All methods reject with StoreError.
 */
export interface SpanStore extends AsyncDisposable {
  /** All rows of the batch, its dead letters and the position, in one transaction: when it rejects, nothing is kept. */
  append(batch: DecodedBatch, dead_letters: readonly DeadLetter[], position: SourcePosition): Promise<AppendResult>;

  /**
   * Brings what append has taken into the database file itself, when enough of it has come together for that to be worth
   * its cost. True: nothing is outside the file now, so that a source may forget what the store holds.
   */
  checkpoint_when_due(): Promise<boolean>;

  /**
   * Resolves when nothing is being written, and then nothing is until it is disposed of: the files stand still, to be
   * copied. Questions are answered meanwhile; what else is asked for waits.
   */
  hold(): Promise<Disposable>;

  /** The last key of `source` whose rows are held, or null. */
  position(source: string): Promise<Ulid | null>;

  /** Distinct service names, ascending. */
  service_names(range: PageRange): Promise<{ has_more: boolean; names: string[] }>;

  /** Spans of the service that have no parent; `only_llm_traces`: only of traces with an LLM span, of any service. */
  root_spans(service_name: string, only_llm_traces: boolean, range: PageRange): Promise<SpanPage>;

  /** Spans of the service whose junjo_span_type is workflow. */
  workflow_spans(service_name: string, range: PageRange): Promise<SpanPage>;

  trace_spans(trace_id: string, range: PageRange): Promise<SpanPage>;

  /** One span's row, or null. */
  span(trace_id: string, span_id: string): Promise<string | null>;
}

export type StoreErrorCode =
  | "unavailable"
  | "constraint"
  | "missing_span"
  | "schema_too_new"
  | "schema_differs"
  | "closed";

/** What went wrong in the store. `missing_span`: a patch names a span that is not there. */
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
