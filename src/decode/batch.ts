import { LIMITS } from "../config/index.ts";
import { WireError, WireReader } from "../wire/index.ts";
import { AnyValues } from "./any-value.ts";
import { CellWriter } from "./cells.ts";
import { ColumnBatch, column_indexes } from "./column-batch.ts";
import { PATCH_COLUMNS, ALL_SPAN_COLUMNS, SPAN_COLUMNS } from "./columns.ts";
import { DecodeError } from "./error.ts";
import { EventDecoder } from "./events.ts";
import { ByteHeap } from "./heap.ts";
import { OriginDecoder } from "./origin.ts";
import { RequestDecoder } from "./request.ts";
import { SpanDecoder } from "./span.ts";
import { AttributeDecoder } from "./span-attributes.ts";
import { PatchDecoder } from "./state-patches.ts";

const NO_BYTES = new Uint8Array(0);
const SPAN_ID = column_indexes(SPAN_COLUMNS).span_id;
const PATCH_SPAN_ID = column_indexes(PATCH_COLUMNS).span_id;

/**
 * Spans and state patches as columns, ready for the store. Emptied and filled again, never made anew: a steady load
 * allocates next to nothing.
 */
export class DecodedBatch {
  readonly heap: ByteHeap;
  readonly spans = new ColumnBatch(ALL_SPAN_COLUMNS);
  readonly patches = new ColumnBatch(PATCH_COLUMNS);
  /**
   * Rows of spans that have started and not ended, ascending: their end_time is 0, and their start_time is not. Of a start
   * record as Logfire sends it, the row has the ids of the span that it tells of.
   */
  readonly pending_rows: number[] = [];
  private readonly reader = new WireReader(NO_BYTES);
  private readonly values: AnyValues;
  private readonly decoder: RequestDecoder;

  constructor(decoded_bytes_max: number = LIMITS.BATCH_DECODED_BYTES_MAX) {
    const { reader, spans, patches } = this;
    const heap = (this.heap = new ByteHeap(decoded_bytes_max));
    const values = (this.values = new AnyValues(reader, heap));
    const cells = new CellWriter(reader, heap, values);
    const events = new EventDecoder(reader, heap, values);
    const attributes = new AttributeDecoder(reader, heap, values, cells, spans);
    const state_patches = new PatchDecoder(reader, heap, values, cells, events, attributes, spans, patches);
    const span = new SpanDecoder(reader, values, cells, events, attributes, state_patches, spans, this.pending_rows);
    this.decoder = new RequestDecoder(reader, new OriginDecoder(reader, heap, values, cells), span);
  }

  /**
   * Adds the rows of one serialized ExportTraceServiceRequest, in its order. Of a field that stands twice the last one
   * counts. Throws DecodeError, and then the batch is as it was before.
   */
  decode_request(body: Uint8Array): void {
    const before = {
      heap: this.heap.length,
      spans: this.spans.row_count,
      patches: this.patches.row_count,
      pending: this.pending_rows.length,
    };
    this.reader.reset(body);
    try {
      this.decoder.request();
    } catch (error) {
      this.heap.length = before.heap;
      this.spans.row_count = before.spans;
      this.patches.row_count = before.patches;
      this.pending_rows.length = before.pending;
      this.values.entries.truncate(0);
      if (error instanceof WireError) throw new DecodeError("malformed", error.message, { cause: error });
      throw error;
    } finally {
      this.reader.reset(NO_BYTES);
    }
  }

  /** Takes spans out, by their rows, with the state patches that came with them. Gives how many spans went. */
  remove_spans(rows: ReadonlySet<number>): number {
    if (rows.size === 0) return 0;
    // A patch's cell points to where its span's points: the text is shared.
    const removed_at = new Set(Array.from(rows, (row) => this.spans.offsets[SPAN_ID][row]));
    const patch_offsets = this.patches.offsets[PATCH_SPAN_ID];
    const patch_rows = new Set<number>();
    for (let row = 0; row < this.patches.row_count; row++) if (removed_at.has(patch_offsets[row])) patch_rows.add(row);
    this.spans.remove_rows(rows);
    this.patches.remove_rows(patch_rows);
    this.renumber_pending(rows);
    return rows.size;
  }

  /** After rows were taken out. */
  private renumber_pending(removed: ReadonlySet<number>): void {
    const gone = [...removed].sort((a, b) => a - b);
    let gone_before = 0;
    let kept = 0;
    for (const row of this.pending_rows) {
      while (gone[gone_before] < row) gone_before++;
      if (!removed.has(row)) this.pending_rows[kept++] = row - gone_before;
    }
    this.pending_rows.length = kept;
  }

  clear(): void {
    this.heap.clear();
    this.pending_rows.length = 0;
    this.spans.row_count = 0;
    this.patches.row_count = 0;
  }
}
