import { LIMITS } from "../config/index.ts";
import { enter_message, find_field, Place, type Range, read_range, type WireReader } from "../wire/index.ts";
import { Entries } from "./entries.ts";
import { DecodeError } from "./error.ts";
import type { ByteHeap } from "./heap.ts";
import { put_decimal, put_json_base64, put_json_double, put_json_string } from "./json-text.ts";

// Field keys (number × 8 + wire type) of opentelemetry.proto.common.v1.
const ANY_STRING = 10;
const ANY_BOOL = 16;
const ANY_INT = 24;
const ANY_DOUBLE = 33;
const ANY_ARRAY = 42;
const ANY_KVLIST = 50;
const ANY_BYTES = 58;
const LIST_ELEMENT = 10;
const KEY_VALUE_KEY = 10;
const KEY_VALUE_VALUE = 18;

const COMMA = 0x2c;
const NO_VALUE = -1;

/**
 * Attribute values as JSON: text, booleans and numbers as themselves, int64 with every digit, an absent value as null,
 * bytes as base64, arrays and maps recursively; of a key that stands twice the last value.
 */
export class AnyValues {
  readonly entries = new Entries();
  private readonly text = new Place();

  constructor(
    private readonly reader: WireReader,
    private readonly heap: ByteHeap,
  ) {}

  /** Reads one KeyValue, from the reader's place to `end`, into the map that began at `base`. */
  read_entry(base: number, end: number): void {
    const { reader } = this;
    let key_start = reader.at;
    let key_end = reader.at;
    let value_start = NO_VALUE;
    let value_end = NO_VALUE;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === KEY_VALUE_KEY) {
        const length = reader.length(end);
        key_start = reader.at;
        reader.at = key_end = key_start + length;
      } else if (tag === KEY_VALUE_VALUE) {
        const length = reader.length(end);
        value_start = reader.at;
        reader.at = value_end = value_start + length;
      } else {
        reader.skip(tag, end);
      }
    }
    this.entries.add(reader.bytes, base, key_start, key_end, value_start, value_end);
  }

  /** Writes one entry's `"key":value`. */
  put_entry(entry: number, depth = 0): void {
    const { entries, heap } = this;
    put_json_string(heap, this.reader, entries.key_start(entry), entries.key_end(entry));
    heap.put_byte(0x3a);
    this.put_entry_value(entry, depth);
  }

  /** Writes one entry's value as JSON. */
  put_entry_value(entry: number, depth = 0): void {
    if (!this.has_value(entry)) {
      this.heap.put_ascii("null");
      return;
    }
    this.reader.at = this.entries.value_start(entry);
    this.put_value(this.entries.value_end(entry), depth);
  }

  /** Writes the map that began at `base` as a JSON object and takes it off the stack. */
  put_object(base: number, depth = 0): void {
    const { heap } = this;
    heap.put_byte(0x7b);
    const count = this.entries.count;
    for (let entry = base; entry < count; entry++) {
      if (entry > base) heap.put_byte(COMMA);
      this.put_entry(entry, depth);
    }
    heap.put_byte(0x7d);
    this.entries.truncate(base);
  }

  /** Whether an entry has a value field with something in it. */
  has_value = (entry: number): boolean => this.entries.value_end(entry) > this.entries.value_start(entry);

  /** Where an entry's text lies in the wire bytes, when its value is a string; else null. Good until the next call. */
  string_range(entry: number): Range | null {
    const { reader, text } = this;
    const end = this.entries.value_end(entry);
    reader.at = this.entries.value_start(entry);
    if (!this.has_value(entry)) return null;
    let is_text = false;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === ANY_STRING) {
        text.read(reader, end);
        is_text = true;
      } else {
        if (is_any_field(tag)) is_text = false;
        reader.skip(tag, end);
      }
    }
    return is_text ? text : null;
  }

  /** Writes the AnyValue from the reader's place to `end`. Of several fields of its oneof the last one counts. */
  private put_value(end: number, depth: number): void {
    const { reader } = this;
    if (depth > LIMITS.ATTRIBUTE_DEPTH_MAX) {
      throw new DecodeError("too_deep", `attribute value nested deeper than ${LIMITS.ATTRIBUTE_DEPTH_MAX}`);
    }
    let last_tag = 0;
    let value_at = 0;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (is_any_field(tag)) {
        last_tag = tag;
        value_at = reader.at;
      }
      reader.skip(tag, end);
    }
    if (last_tag === 0) {
      this.heap.put_ascii("null");
      return;
    }
    reader.at = value_at;
    this.put_field(last_tag, end, depth);
    reader.at = end;
  }

  private put_field(tag: number, end: number, depth: number): void {
    const { reader, heap } = this;
    switch (tag) {
      case ANY_STRING: {
        const text = read_range(reader, end);
        put_json_string(heap, reader, text.start, text.end);
        return;
      }
      case ANY_BOOL:
        heap.put_ascii(reader.varint(end) === 0 ? "false" : "true");
        return;
      case ANY_INT:
        this.put_int(end);
        return;
      case ANY_DOUBLE:
        put_json_double(heap, reader.view.getFloat64(reader.fixed64(end), true));
        return;
      case ANY_ARRAY:
        this.put_array(read_range(reader, end), depth + 1);
        return;
      case ANY_KVLIST:
        this.put_kvlist(read_range(reader, end), depth + 1);
        return;
      default: {
        const bytes = read_range(reader, end);
        put_json_base64(heap, reader.bytes, bytes.start, bytes.end);
      }
    }
  }

  private put_array(message: Range, depth: number): void {
    const { reader, heap } = this;
    heap.put_byte(0x5b);
    let is_first = true;
    reader.at = message.start;
    while (find_field(reader, LIST_ELEMENT, message.end)) {
      if (!is_first) heap.put_byte(COMMA);
      is_first = false;
      this.put_value(enter_message(reader, message.end), depth);
    }
    heap.put_byte(0x5d);
  }

  private put_kvlist(message: Range, depth: number): void {
    const { reader } = this;
    const base = this.entries.count;
    reader.at = message.start;
    while (find_field(reader, LIST_ELEMENT, message.end)) this.read_entry(base, enter_message(reader, message.end));
    this.put_object(base, depth);
  }

  private put_int(end: number): void {
    const { reader, heap } = this;
    const start = reader.at;
    const value = reader.varint(end);
    if (value <= Number.MAX_SAFE_INTEGER) {
      put_decimal(heap, value);
      return;
    }
    reader.at = start;
    heap.put_ascii(String(reader.int64(end)));
  }
}

function is_any_field(tag: number): boolean {
  switch (tag) {
    case ANY_STRING:
    case ANY_BOOL:
    case ANY_INT:
    case ANY_DOUBLE:
    case ANY_ARRAY:
    case ANY_KVLIST:
    case ANY_BYTES:
      return true;
    default:
      return false;
  }
}
