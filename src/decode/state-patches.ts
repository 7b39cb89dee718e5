import type { Range, WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import { type CellWriter, NO_ENTRY } from "./cells.ts";
import { type ColumnBatch, column_indexes } from "./column-batch.ts";
import { PATCH_COLUMNS, ALL_SPAN_COLUMNS } from "./columns.ts";
import type { EventDecoder, WireEvent } from "./events.ts";
import type { ByteHeap } from "./heap.ts";
import { put_decimal } from "./json-text.ts";
import { bytes_table, find_bytes, KEY } from "./known-keys.ts";
import type { AttributeDecoder } from "./span-attributes.ts";
import { WireTime } from "./time.ts";

const SPAN = column_indexes(ALL_SPAN_COLUMNS);
const PATCH = column_indexes(PATCH_COLUMNS);

const SET_STATE = bytes_table([["set_state", 1]]);
const WORKFLOW_TYPES = bytes_table([
  ["workflow", 1],
  ["subflow", 1],
]);
const PATCH_KEY = { json_patch: 1, store_id: 2 } as const;
const PATCH_KEYS = bytes_table([
  ["junjo.state_json_patch", PATCH_KEY.json_patch],
  ["junjo.store.id", PATCH_KEY.store_id],
]);

/** Makes a row of `state_patches` of each set_state event that carries a patch. */
export class PatchDecoder {
  private readonly time = new WireTime();

  constructor(
    private readonly reader: WireReader,
    private readonly heap: ByteHeap,
    private readonly values: AnyValues,
    private readonly cells: CellWriter,
    private readonly events: EventDecoder,
    private readonly attributes: AttributeDecoder,
    private readonly spans: ColumnBatch,
    private readonly patches: ColumnBatch,
  ) {}

  /** `row` is the span's, whose attributes have been put. */
  put(row: number, events: readonly Range[]): void {
    this.put_sent(SPAN.sent_workflow_id, row, KEY.workflow_id);
    this.put_sent(SPAN.sent_node_id, row, KEY.node_id);
    const first_patch = this.patches.row_count;
    let are_derivable = true;
    for (let index = 0; index < events.length; index++) {
      const event = this.events.read_event(events[index]);
      const { start, end } = event.name;
      if (find_bytes(SET_STATE, this.reader.bytes, start, end) !== 0) {
        are_derivable = this.put_patch(row, event, index) && are_derivable;
      }
      this.values.entries.truncate(event.base);
    }
    const count = are_derivable ? this.patches.row_count - first_patch : 0;
    this.spans.set_number(SPAN.derived_patch_count, row, count);
  }

  private put_sent(column: number, row: number, key: typeof KEY.workflow_id | typeof KEY.node_id): void {
    const text = this.attributes.sent_text(key);
    if (text !== null) this.cells.string(this.spans, column, row, text);
  }

  /** Gives whether the span's row tells all of it, to the letter. */
  private put_patch(row: number, event: WireEvent, index: number): boolean {
    const { cells, patches, spans } = this;
    const json_patch = this.find_entry(event.base, PATCH_KEY.json_patch);
    if (json_patch === NO_ENTRY) return true;

    const patch = patches.add_row();
    patches.share_text(PATCH.service_name, patch, spans, SPAN.service_name, row);
    patches.share_text(PATCH.trace_id, patch, spans, SPAN.trace_id, row);
    patches.share_text(PATCH.span_id, patch, spans, SPAN.span_id, row);
    this.put_patch_id(patch, row, index);
    this.put_workflow_and_node(patch, row);
    this.time.read(this.reader.view, event.time_at);
    patches.set_number64(PATCH.event_time, patch, this.time.micros_high, this.time.micros_low);
    const is_json = cells.json_value(patches, PATCH.patch_json, patch, json_patch);
    if (patches.is_null(PATCH.patch_json, patch)) cells.word(patches, PATCH.patch_json, patch, "null");
    const store_id = this.find_entry(event.base, PATCH_KEY.store_id);
    cells.text_value(patches, PATCH.patch_store_id, patch, store_id);
    this.put_empty_if_null(PATCH.patch_store_id, patch);
    return is_json && (store_id === NO_ENTRY || cells.is_text(store_id));
  }

  private find_entry(base: number, wanted: number): number {
    const { entries } = this.values;
    for (let entry = base; entry < entries.count; entry++) {
      const key = find_bytes(PATCH_KEYS, this.reader.bytes, entries.key_start(entry), entries.key_end(entry));
      if (key === wanted) return entry;
    }
    return NO_ENTRY;
  }

  /** trace_id:span_id:event index, so that a replay of the span makes the same row. */
  private put_patch_id(patch: number, row: number, index: number): void {
    const { heap, spans, patches } = this;
    const offset = heap.length;
    for (const column of [SPAN.trace_id, SPAN.span_id]) {
      heap.put_again(spans.offsets[column][row], spans.lengths[column][row]);
      heap.put_ascii(":");
    }
    put_decimal(heap, index);
    patches.set_text(PATCH.patch_id, patch, offset, heap.length - offset);
  }

  /**
   * No published SDK sends junjo.workflow_id or node.id. The workflow is then the span itself if it is one, else its
   * parent; the node is the span.
   */
  private put_workflow_and_node(patch: number, row: number): void {
    const { patches, spans } = this;
    const column = (sent: number, other: number) => (spans.is_null(sent, row) ? other : sent);
    const workflow_id = column(SPAN.sent_workflow_id, this.workflow_column(row));
    patches.share_text(PATCH.workflow_id, patch, spans, workflow_id, row);
    patches.share_text(PATCH.node_id, patch, spans, column(SPAN.sent_node_id, SPAN.junjo_id), row);
    this.put_empty_if_null(PATCH.workflow_id, patch);
    this.put_empty_if_null(PATCH.node_id, patch);
  }

  private workflow_column(row: number): number {
    const start = this.spans.offsets[SPAN.junjo_span_type][row];
    const end = start + this.spans.lengths[SPAN.junjo_span_type][row];
    const is_workflow = find_bytes(WORKFLOW_TYPES, this.heap.bytes, start, end) !== 0;
    return is_workflow ? SPAN.junjo_id : SPAN.junjo_parent_id;
  }

  private put_empty_if_null(column: number, patch: number): void {
    if (this.patches.is_null(column, patch)) this.cells.word(this.patches, column, patch, "");
  }
}
