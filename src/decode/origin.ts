import { ABSENT, enter_message, type Range, read_range, type WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import type { Cell, CellWriter } from "./cells.ts";
import type { ByteHeap } from "./heap.ts";
import { put_json_list, put_json_string, put_text } from "./json-text.ts";

const SERVICE_NAME = new TextEncoder().encode("service.name");

// Field keys of opentelemetry.proto.resource.v1.Resource and of common.v1.EntityRef and InstrumentationScope.
const RESOURCE_ATTRIBUTE = 10;
const RESOURCE_DROPPED = 16;
const RESOURCE_ENTITY_REF = 26;
const ENTITY_SCHEMA_URL = 10;
const ENTITY_TYPE = 18;
const ENTITY_ID_KEY = 26;
const ENTITY_DESCRIPTION_KEY = 34;
const SCOPE_NAME = 10;
const SCOPE_VERSION = 18;
const SCOPE_ATTRIBUTE = 26;
const SCOPE_DROPPED = 32;

/** What the spans of one resource share, written to the heap once. */
export type ResourceCells = {
  service_name: Cell;
  attributes: Cell;
  entity_refs: Cell;
  schema_url: Cell;
  dropped: number;
};
/** What the spans of one scope share. */
export type ScopeCells = { name: Cell; version: Cell; attributes: Cell; schema_url: Cell; dropped: number };

/** Reads what stands around spans: their resource and their scope. */
export class OriginDecoder {
  constructor(
    private readonly reader: WireReader,
    private readonly heap: ByteHeap,
    private readonly values: AnyValues,
    private readonly cells: CellWriter,
  ) {}

  resource(message: Range, schema_url: Range): ResourceCells {
    const { reader, cells, values } = this;
    const base = values.entries.count;
    const entity_refs: Range[] = [];
    let dropped = 0;
    reader.at = message.start;
    while (reader.at < message.end) {
      const tag = reader.tag(message.end);
      if (tag === RESOURCE_ATTRIBUTE) values.read_entry(base, enter_message(reader, message.end));
      else if (tag === RESOURCE_DROPPED) dropped = reader.uint32(message.end);
      else if (tag === RESOURCE_ENTITY_REF) entity_refs.push(read_range(reader, message.end));
      else reader.skip(tag, message.end);
    }
    return {
      service_name: cells.written(() => this.put_service_name(base)),
      attributes: cells.written(() => values.put_object(base)),
      entity_refs: cells.written(() => put_json_list(this.heap, entity_refs, (range) => this.put_entity_ref(range))),
      schema_url: this.text(schema_url),
      dropped,
    };
  }

  scope(message: Range, schema_url: Range): ScopeCells {
    const { reader, cells, values } = this;
    const base = values.entries.count;
    let name = ABSENT;
    let version = ABSENT;
    let dropped = 0;
    reader.at = message.start;
    while (reader.at < message.end) {
      const tag = reader.tag(message.end);
      if (tag === SCOPE_NAME) name = read_range(reader, message.end);
      else if (tag === SCOPE_VERSION) version = read_range(reader, message.end);
      else if (tag === SCOPE_ATTRIBUTE) values.read_entry(base, enter_message(reader, message.end));
      else if (tag === SCOPE_DROPPED) dropped = reader.uint32(message.end);
      else reader.skip(tag, message.end);
    }
    return {
      name: this.text(name),
      version: this.text(version),
      attributes: cells.written(() => values.put_object(base)),
      schema_url: this.text(schema_url),
      dropped,
    };
  }

  private text = ({ start, end }: Range): Cell =>
    this.cells.written(() => put_text(this.heap, this.reader, start, end));

  /** service.name, or what the specification calls a service that has none. */
  private put_service_name(base: number): void {
    const { reader, heap, values } = this;
    const { entries } = values;
    for (let entry = base; entry < entries.count; entry++) {
      const start = entries.key_start(entry);
      const is_name = entries.key_end(entry) - start === SERVICE_NAME.length;
      if (!is_name || !SERVICE_NAME.every((byte, i) => reader.bytes[start + i] === byte)) continue;
      const text = values.string_range(entry);
      if (text === null) {
        if (values.has_value(entry)) return values.put_entry_value(entry);
      } else if (text.end > text.start) {
        return put_text(heap, reader, text.start, text.end);
      }
    }
    heap.put_ascii("unknown_service");
  }

  private put_entity_ref(message: Range): void {
    const { reader, heap } = this;
    let schema_url = ABSENT;
    let type = ABSENT;
    const id_keys: Range[] = [];
    const description_keys: Range[] = [];
    reader.at = message.start;
    while (reader.at < message.end) {
      const tag = reader.tag(message.end);
      if (tag === ENTITY_SCHEMA_URL) schema_url = read_range(reader, message.end);
      else if (tag === ENTITY_TYPE) type = read_range(reader, message.end);
      else if (tag === ENTITY_ID_KEY) id_keys.push(read_range(reader, message.end));
      else if (tag === ENTITY_DESCRIPTION_KEY) description_keys.push(read_range(reader, message.end));
      else reader.skip(tag, message.end);
    }
    heap.put_ascii('{"schemaUrl":');
    this.put_string(schema_url);
    heap.put_ascii(',"type":');
    this.put_string(type);
    heap.put_ascii(',"idKeys":');
    put_json_list(heap, id_keys, this.put_string);
    heap.put_ascii(',"descriptionKeys":');
    put_json_list(heap, description_keys, this.put_string);
    heap.put_ascii("}");
  }

  private put_string = ({ start, end }: Range): void => put_json_string(this.heap, this.reader, start, end);
}
