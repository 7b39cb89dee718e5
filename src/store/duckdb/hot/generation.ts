import {
  type ColumnBatch,
  column_indexes,
  type DecodedBatch,
  ALL_SPAN_COLUMNS,
  SPAN_COLUMNS,
} from "../../../decode/index.ts";
import type { Ulid } from "../../../wal/index.ts";
import { hash_trace, new_key_hash } from "../keys/key-hash.ts";
import { SegmentKeys } from "../keys/key-index.ts";
import type { RowSource } from "../row-source.ts";
import type { HotColumns, HotMemory } from "./hot-memory.ts";
import { HotReader } from "./hot-reader.ts";
import { HotTables } from "./hot-tables.ts";
import { TraceRows } from "./trace-rows.ts";

const { trace_id: TRACE_ID } = column_indexes(SPAN_COLUMNS);
/** A text cell takes 8 bytes of its own, and a number 1 to 8. */
export const FIXED_ROW_BYTES = ALL_SPAN_COLUMNS.length * 8;

/**
 * Rows that are not in a segment yet, as the decoder's columns, in memory. They only ever grow, so that a row's number
 * names it for good. What makes them durable is the source, which keeps them until they are sealed.
 */
export class HotGeneration implements RowSource {
  readonly keys = new SegmentKeys();
  readonly trace_rows = new TraceRows();
  readonly reader: HotReader;
  /** For SQL. */
  readonly tables: HotTables;
  /** Of rows sealed before or elsewhere, traces with an LLM span that have rows here too. */
  readonly straddling_llm_traces = new Set<string>();
  /** How far each source is held by this generation and those before it. */
  readonly positions = new Map<string, Ulid>();
  span_count = 0;
  patch_count = 0;
  private text_bytes = 0;
  private readonly trace = new_key_hash();

  constructor(
    readonly number: number,
    readonly memory: HotMemory,
  ) {
    this.reader = new HotReader(this);
    this.tables = new HotTables(this);
  }

  /** About what its rows take in memory. */
  get bytes(): number {
    return this.text_bytes + this.span_count * FIXED_ROW_BYTES;
  }

  has_room_for({ spans, patches, heap }: DecodedBatch): boolean {
    const { capacity } = this.memory;
    return (
      this.span_count + spans.row_count <= capacity.spans &&
      this.patch_count + patches.row_count <= capacity.patches &&
      this.text_bytes + heap.length <= capacity.text_bytes
    );
  }

  /** Adds all rows, for which there must be room. Their keys are in `keys`. */
  append({ spans, patches, heap }: DecodedBatch): void {
    // There may have been some, and texts of theirs, that went elsewhere.
    if (spans.row_count === 0 && patches.row_count === 0) return;
    const { memory, text_bytes } = this;
    memory.text.set(heap.bytes.subarray(0, heap.length), text_bytes);
    copy_rows(spans, memory.spans, this.span_count, text_bytes);
    copy_rows(patches, memory.patches, this.patch_count, text_bytes);
    this.number_traces(this.span_count, this.span_count + spans.row_count);
    this.reader.note_rows(this.span_count, this.span_count + spans.row_count);
    this.text_bytes += heap.length;
    this.span_count += spans.row_count;
    this.patch_count += patches.row_count;
  }

  span_keys(_connection: unknown, trace_ids: Iterable<string>): Promise<string[]> {
    const rows = Array.from(trace_ids, (trace_id) => this.reader.trace_rows(trace_id)).flat();
    return Promise.resolve(rows.map(({ trace_id, span_id }) => trace_id + span_id));
  }

  private number_traces(first: number, end: number): void {
    const { memory, keys, trace, trace_rows } = this;
    const ids = memory.spans.offsets[TRACE_ID];
    for (let row = first; row < end; row++) {
      const number = keys.traces.find(hash_trace(memory.text, ids[row], trace));
      memory.trace_numbers[row] = number;
      trace_rows.add(number, row);
    }
  }
}

/** Rows of a batch, to stand behind others, where its heap is put at `text_at`. */
function copy_rows(from: ColumnBatch, to: HotColumns, first: number, text_at: number): void {
  const { row_count } = from;
  for (let column = 0; column < to.columns.length; column++) {
    const offsets = to.offsets[column];
    if (offsets.length === 0) {
      to.fixed[column].set(from.fixed[column].subarray(0, row_count) as never, first);
      continue;
    }
    to.lengths[column].set(from.lengths[column].subarray(0, row_count), first);
    const from_offsets = from.offsets[column];
    for (let row = 0; row < row_count; row++) offsets[first + row] = from_offsets[row] + text_at;
  }
}
