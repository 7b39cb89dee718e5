import type { Range, WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import { type CellWriter, NO_ENTRY } from "./cells.ts";
import { type ColumnBatch, column_indexes } from "./column-batch.ts";
import { SPAN_COLUMNS } from "./columns.ts";
import type { ByteHeap } from "./heap.ts";
import { type BytesTable, bytes_table, find_bytes, KEY, KEY_COUNT, known_key, LAST_MOVED_KEY } from "./known-keys.ts";

const COLUMN = column_indexes(SPAN_COLUMNS);
const COMMA = 0x2c;

const LLM_KINDS = bytes_table([["LLM", 1]]);
const LLM_OPERATIONS = bytes_table([
  ["chat", 1],
  ["text_completion", 1],
  ["generate_content", 1],
]);

const START_RECORDS = bytes_table([["pending_span", 1]]);

/**
 * A span's attributes: the Junjo ones go to their columns, all others to attributes_json, and a few tell that the span
 * is the call of a language model.
 */
export class AttributeDecoder {
  /** By KEY: the span's entry of that name, or NO_ENTRY. */
  private readonly found = new Int32Array(KEY_COUNT);

  constructor(
    private readonly reader: WireReader,
    private readonly heap: ByteHeap,
    private readonly values: AnyValues,
    private readonly cells: CellWriter,
    private readonly spans: ColumnBatch,
  ) {}

  /** Fills the row's columns from the map that began at `base`, which stays on the stack. */
  put(row: number, base: number): void {
    const { found, spans, cells } = this;
    const attributes_at = cells.end;
    this.put_unmoved(base);
    cells.written_since(attributes_at, spans, COLUMN.attributes_json, row);
    cells.text_value(spans, COLUMN.junjo_id, row, this.first(KEY.junjo_id, KEY.definition_id));
    cells.text_value(spans, COLUMN.junjo_parent_id, row, this.first(KEY.junjo_parent_id, KEY.parent_definition_id));
    cells.text_value(spans, COLUMN.junjo_span_type, row, found[KEY.junjo_span_type]);
    cells.text_value(spans, COLUMN.junjo_wf_store_id, row, found[KEY.store_id]);
    cells.json_value(spans, COLUMN.junjo_wf_state_start, row, found[KEY.state_start]);
    cells.json_value(spans, COLUMN.junjo_wf_state_end, row, found[KEY.state_end]);
    const graph = this.first(KEY.graph_structure, KEY.graph_snapshot);
    cells.json_value(spans, COLUMN.junjo_wf_graph_structure, row, graph);
    spans.set_boolean(COLUMN.is_llm, row, this.is_llm());
  }

  /** Whether the span last put is Logfire's record that its parent has started. */
  is_start_record(): boolean {
    return this.is_one_of(this.found[KEY.logfire_span_type], START_RECORDS);
  }

  /** The text of an attribute of the span last put, if it was sent. */
  sent_text(key: typeof KEY.workflow_id | typeof KEY.node_id | typeof KEY.logfire_pending_parent): Range | null {
    const entry = this.found[key];
    return entry === NO_ENTRY ? null : this.values.string_range(entry);
  }

  /** Writes the attributes that have no column of their own as an object, and remembers where the known ones are. */
  private put_unmoved(base: number): void {
    const { heap, values, found } = this;
    const { entries } = values;
    found.fill(NO_ENTRY);
    let is_first = true;
    heap.put_byte(0x7b);
    const count = entries.count;
    for (let entry = base; entry < count; entry++) {
      const key = known_key(this.reader.bytes, entries.key_start(entry), entries.key_end(entry));
      if (key !== KEY.none) {
        found[key] = entry;
        if (key <= LAST_MOVED_KEY) continue;
      }
      if (!is_first) heap.put_byte(COMMA);
      is_first = false;
      values.put_entry(entry);
    }
    heap.put_byte(0x7d);
  }

  /** The entry of the older name, else of the newer one. */
  private first(older: number, newer: number): number {
    return this.found[older] === NO_ENTRY ? this.found[newer] : this.found[older];
  }

  private is_llm(): boolean {
    const { found } = this;
    return (
      found[KEY.model_name] !== NO_ENTRY ||
      this.is_one_of(found[KEY.openinference_kind], LLM_KINDS) ||
      this.is_one_of(found[KEY.gen_ai_operation], LLM_OPERATIONS)
    );
  }

  private is_one_of(entry: number, names: BytesTable): boolean {
    const text = entry === NO_ENTRY ? null : this.values.string_range(entry);
    return text !== null && find_bytes(names, this.reader.bytes, text.start, text.end) !== 0;
  }
}
