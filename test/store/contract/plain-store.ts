import { column_indexes, type DecodedBatch, SPAN_COLUMNS } from "../../../src/decode/index.ts";
import type { SpanRow } from "../../../src/encode/index.ts";
import type { AttributeField, SpanFilter } from "../../../src/filter/index.ts";
import {
  type AppendResult,
  type DeadLetter,
  type ListKind,
  type PageRange,
  type PendingRange,
  type RowKey,
  type SearchRange,
  type SourcePosition,
  type SpanPage,
  type SpanStore,
  type SqlAnswer,
  type StatePatch,
  StoreError,
  type TailEvent,
  type TimeParts,
} from "../../../src/store/index.ts";
import * as plain from "./plain-questions.ts";
import { cell_text, plain_patch, row_json, row_values } from "./plain-row.ts";

const SPAN = column_indexes(SPAN_COLUMNS);

export type PlainSpan = RowKey & {
  service: string;
  is_root: boolean;
  is_llm: boolean;
  is_workflow: boolean;
  json: string;
  row: SpanRow;
};

/** What is left of a store when it is closed. */
export class PlainDisk {
  /** By trace and span id. */
  readonly spans = new Map<string, PlainSpan>();
  patches: StatePatch[] = [];
  /** Those that have not ended, by trace and span id. */
  readonly pending = new Map<string, PlainSpan>();
  readonly positions = new Map<string, Uint8Array>();
}

/** A SpanStore said in the plainest way: every span in one map, sorted when it is asked. */
export class PlainStore implements SpanStore {
  private readonly appended = new Map<string, Uint8Array>();
  private unsealed_spans = 0;
  private is_closed = false;

  constructor(
    private readonly disk: PlainDisk,
    private readonly unsealed_spans_max: number,
  ) {}

  async append(
    batch: DecodedBatch,
    dead_letters: readonly DeadLetter[],
    { source, last_key }: SourcePosition,
  ): Promise<AppendResult> {
    this.refuse_if_closed();
    if (dead_letters.some(({ reason }) => typeof reason !== "string"))
      throw new StoreError("constraint", "a dead letter has no reason");
    const started = batch.pending_rows.map((row) => plain_span(batch, row));
    batch.remove_spans(new Set(batch.pending_rows));
    const duplicates = new Set<number>();
    for (let row = 0; row < batch.spans.row_count; row++) {
      const span = plain_span(batch, row);
      const key = span.trace_id + span.span_id;
      if (this.disk.spans.has(key)) duplicates.add(row);
      else this.disk.spans.set(key, span);
    }
    batch.remove_spans(duplicates);
    for (const key of this.disk.spans.keys()) this.disk.pending.delete(key);
    const unheld = started.filter(({ trace_id, span_id }) => !this.disk.spans.has(trace_id + span_id));
    for (const span of unheld) this.disk.pending.set(span.trace_id + span.span_id, span);
    for (let row = 0; row < batch.patches.row_count; row++) this.disk.patches.push(plain_patch(batch, row));
    this.appended.set(source, Buffer.from(last_key));
    this.unsealed_spans += batch.spans.row_count;
    if (this.unsealed_spans >= this.unsealed_spans_max) void this.seal();
    const inserted = { inserted_spans: batch.spans.row_count, inserted_patches: batch.patches.row_count };
    const duplicate_spans = duplicates.size + started.length - unheld.length;
    return { ...inserted, duplicate_spans, started_spans: unheld.length };
  }

  async seal(): Promise<void> {
    this.refuse_if_closed();
    for (const [source, key] of this.appended) this.disk.positions.set(source, key);
    this.unsealed_spans = 0;
  }

  async delete_trace(trace_id: string): Promise<number> {
    this.refuse_if_closed();
    const found = this.selected((span) => span.trace_id === trace_id);
    for (const { span_id } of found) this.disk.spans.delete(trace_id + span_id);
    this.disk.patches = this.disk.patches.filter((patch) => patch.trace_id !== trace_id);
    const pending = [...this.disk.pending].filter(([, span]) => span.trace_id === trace_id);
    for (const [key] of pending) this.disk.pending.delete(key);
    return found.length + pending.length;
  }

  async tidy(): Promise<void> {
    this.refuse_if_closed();
  }

  async warm_up(): Promise<void> {
    this.refuse_if_closed();
  }

  durable_position(source: string): Uint8Array | null {
    return this.disk.positions.get(source) ?? null;
  }

  async position(source: string): Promise<Uint8Array | null> {
    this.refuse_if_closed();
    return this.appended.get(source) ?? this.durable_position(source);
  }

  async service_names({ limit, offset }: Pick<PageRange, "limit" | "offset">) {
    this.refuse_if_closed();
    const all = [...new Set(this.selected(() => true).map(({ service }) => service))];
    all.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const end = limit === null ? all.length : offset + limit;
    return { has_more: all.length > end, names: all.slice(offset, end) };
  }

  async list(kind: ListKind, service_name: string, range: PageRange): Promise<SpanPage> {
    this.refuse_if_closed();
    const llm_traces = new Set(this.selected(({ is_llm }) => is_llm).map(({ trace_id }) => trace_id));
    const belongs: Record<ListKind, (span: PlainSpan) => boolean> = {
      roots: ({ is_root }) => is_root,
      llm_roots: ({ is_root, trace_id }) => is_root && llm_traces.has(trace_id),
      workflows: ({ is_workflow }) => is_workflow,
      spans: () => true,
    };
    return page_of(
      this.selected((span) => span.service === service_name && belongs[kind](span)),
      range,
    );
  }

  async trace_spans(trace_id: string, range: PageRange): Promise<SpanPage> {
    this.refuse_if_closed();
    return page_of(
      this.selected((span) => span.trace_id === trace_id),
      range,
    );
  }

  async span(trace_id: string, span_id: string): Promise<string | null> {
    this.refuse_if_closed();
    return this.disk.spans.get(trace_id + span_id)?.json ?? null;
  }

  async whole_spans(trace_id: string): Promise<AsyncIterableIterator<SpanRow>> {
    this.refuse_if_closed();
    return rows_of(this.selected((span) => span.trace_id === trace_id).map(({ row }) => row));
  }

  async search(filter: SpanFilter | null, range: SearchRange) {
    this.refuse_if_closed();
    return plain.search(this.selected(), filter, range);
  }

  async *tail(filter: SpanFilter | null, signal: AbortSignal): AsyncGenerator<TailEvent> {
    const known = new Set(this.selected());
    while (!signal.aborted) {
      const fresh = this.selected((span) => !known.has(span));
      for (const span of fresh) known.add(span);
      const matched = plain.matching(this.selected(), filter).filter((span) => fresh.includes(span));
      const ids = new Set(matched.map(({ trace_id }) => trace_id));
      const { traces } = plain.search(this.selected(), filter, {
        limit: 1_000,
        since_us: null,
        until_us: null,
        after: null,
      });
      const shown = traces.filter(({ trace_id }) => ids.has(trace_id));
      if (shown.length > 0) yield { kind: "traces", traces: shown };
      await Bun.sleep(1);
    }
  }

  async count_spans(filter: SpanFilter | null, parts: TimeParts) {
    this.refuse_if_closed();
    return plain.count_spans(this.selected(), filter, parts);
  }

  async services(parts: TimeParts) {
    this.refuse_if_closed();
    return plain.services(this.selected(), parts);
  }

  async operations(service_name: string, limit: number) {
    this.refuse_if_closed();
    return plain.operations(this.selected(({ service }) => service === service_name)).slice(0, limit);
  }

  async dependencies({ since_us, until_us }: { since_us: bigint; until_us: bigint }) {
    this.refuse_if_closed();
    return plain.dependencies(this.selected(({ start_us }) => start_us >= since_us && start_us <= until_us));
  }

  async attribute_keys(level: "span" | "resource", limit: number) {
    this.refuse_if_closed();
    return plain.attribute_keys(this.selected(), level).slice(0, limit);
  }

  async attribute_values(field: AttributeField, prefix: string, limit: number) {
    this.refuse_if_closed();
    return plain.attribute_values(this.selected(), field, prefix).slice(0, limit);
  }

  async state_patches(trace_id: string): Promise<StatePatch[]> {
    this.refuse_if_closed();
    const index_of = ({ patch_id }: StatePatch) => Number(patch_id.split(":").at(-1));
    return this.disk.patches
      .filter((patch) => patch.trace_id === trace_id)
      .sort(
        (a, b) =>
          Number(a.event_time_us - b.event_time_us) ||
          (a.span_id < b.span_id ? -1 : Number(a.span_id > b.span_id)) ||
          index_of(a) - index_of(b),
      );
  }

  async pending_spans(range: PendingRange) {
    this.refuse_if_closed();
    return plain.pending_spans([...this.disk.pending.values()], this.selected(), range);
  }

  async sql(_select: string): Promise<SqlAnswer> {
    this.refuse_if_closed();
    throw new StoreError("refused", "this store knows no SQL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.is_closed) return;
    await this.seal();
    this.is_closed = true;
  }

  private selected(is_wanted: (span: PlainSpan) => boolean = () => true): PlainSpan[] {
    return [...this.disk.spans.values()].filter(is_wanted);
  }

  private refuse_if_closed(): void {
    if (this.is_closed) throw new StoreError("closed", "the store is closed");
  }
}

function plain_span(batch: DecodedBatch, row: number): PlainSpan {
  const text = (column: number) => cell_text(batch, batch.spans, column, row);
  return {
    trace_id: text(SPAN.trace_id) ?? "",
    span_id: text(SPAN.span_id) ?? "",
    start_us: batch.spans.fixed[SPAN.start_time][row] as bigint,
    service: text(SPAN.service_name) ?? "",
    is_root: text(SPAN.parent_span_id) === null,
    is_llm: batch.spans.fixed[SPAN.is_llm][row] === 1,
    is_workflow: text(SPAN.junjo_span_type) === "workflow",
    json: row_json(batch, row),
    row: row_values(batch, row),
  };
}

/** Newest first, ties by id. */
function by_place(a: RowKey, b: RowKey): number {
  if (a.start_us !== b.start_us) return a.start_us > b.start_us ? -1 : 1;
  return compare(a.trace_id, b.trace_id) || compare(a.span_id, b.span_id);
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function page_of(spans: PlainSpan[], { limit, offset, since_us, until_us, after }: PageRange): SpanPage {
  const is_in_range = (span: PlainSpan) =>
    span.start_us >= (since_us ?? 0n) &&
    span.start_us <= (until_us ?? span.start_us) &&
    (after == null || by_place(after, span) < 0);
  const behind = spans.filter(is_in_range).sort(by_place).slice(offset);
  const shown = behind.slice(0, limit ?? undefined);
  const has_more = behind.length > shown.length;
  const { start_us, trace_id, span_id } = shown.at(-1) ?? { start_us: 0n, trace_id: "", span_id: "" };
  return {
    has_more,
    next: has_more ? { start_us, trace_id, span_id } : null,
    rows: rows_of(shown.map(({ json }) => json)),
  };
}

async function* rows_of<Row>(rows: readonly Row[]): AsyncGenerator<Row, undefined> {
  yield* rows;
}
