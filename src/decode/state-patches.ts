import type { Range, WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import { type CellWriter, NO_ENTRY } from "./cells.ts";
import { type ColumnBatch, column_indexes } from "./column-batch.ts";
import { PATCH_COLUMNS, SPAN_COLUMNS } from "./columns.ts";
import type { EventDecoder, WireEvent } from "./events.ts";
import type { ByteHeap } from "./heap.ts";
import { put_decimal } from "./json-text.ts";
import { bytes_table, find_bytes, KEY } from "./known-keys.ts";
import type { AttributeDecoder } from "./span-attributes.ts";
import { WireTime } from "./time.ts";

const SPAN = column_indexes(SPAN_COLUMNS);
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
    for (let index = 0; index < events.length; index++) {
      const event = this.events.read_event(events[index]);
      const { start, end } = event.name;
      if (find_bytes(SET_STATE, this.reader.bytes, start, end) !== 0) this.put_patch(row, event, index);
      this.values.entries.truncate(event.base);
    }
  }

  private put_patch(row: number, event: WireEvent, index: number): void {
    const { cells, patches, spans } = this;
    const json_patch = this.find_entry(event.base, PATCH_KEY.json_patch);
    if (json_patch === NO_ENTRY) return;

    const patch = patches.add_row();
    patches.share_text(PATCH.service_name, patch, spans, SPAN.service_name, row);
    patches.share_text(PATCH.trace_id, patch, spans, SPAN.trace_id, row);
    patches.share_text(PATCH.span_id, patch, spans, SPAN.span_id, row);
    this.put_patch_id(patch, row, index);
    this.put_workflow_and_node(patch, row);
    this.time.read(this.reader.view, event.time_at);
    patches.set_number64(PATCH.event_time, patch, this.time.micros_high, this.time.micros_low);
    cells.json_value(patches, PATCH.patch_json, patch, json_patch);
    if (patches.is_null(PATCH.patch_json, patch)) cells.word(patches, PATCH.patch_json, patch, "null");
    cells.text_value(patches, PATCH.patch_store_id, patch, this.find_entry(event.base, PATCH_KEY.store_id));
    this.put_empty_if_null(PATCH.patch_store_id, patch);
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
    const { cells, patches, spans, attributes } = this;
    const workflow_id = attributes.sent_text(KEY.workflow_id);
    if (workflow_id !== null) cells.string(patches, PATCH.workflow_id, patch, workflow_id);
    else patches.share_text(PATCH.workflow_id, patch, spans, this.workflow_column(row), row);
    const node_id = attributes.sent_text(KEY.node_id);
    if (node_id !== null) cells.string(patches, PATCH.node_id, patch, node_id);
    else patches.share_text(PATCH.node_id, patch, spans, SPAN.junjo_id, row);
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
