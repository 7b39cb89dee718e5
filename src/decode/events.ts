import { ABSENT, enter_message, Place, type Range, read_range, type WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import type { ByteHeap } from "./heap.ts";
import { put_decimal, put_hex, put_json_list, put_json_string } from "./json-text.ts";
import { NOT_SENT, WireTime } from "./time.ts";

// Field keys of Span.Event and Span.Link.
const EVENT_TIME = 9;
const EVENT_NAME = 18;
const EVENT_ATTRIBUTE = 26;
const EVENT_DROPPED = 32;
const LINK_TRACE_ID = 10;
const LINK_SPAN_ID = 18;
const LINK_TRACE_STATE = 26;
const LINK_ATTRIBUTE = 34;
const LINK_DROPPED = 40;
const LINK_FLAGS = 53;

const CLOSING_BRACE = 0x7d;

/** An event's fields, as places in the wire bytes; its attributes are the map that begins at `base`. */
export class WireEvent {
  /** Where the 8 bytes of the time lie, or NOT_SENT. */
  time_at = NOT_SENT;
  readonly name = new Place();
  base = 0;
  dropped = 0;
}

/** Events and links as JSON arrays. */
export class EventDecoder {
  private readonly event = new WireEvent();
  private readonly time = new WireTime();

  constructor(
    private readonly reader: WireReader,
    private readonly heap: ByteHeap,
    private readonly values: AnyValues,
  ) {}

  put_events(events: readonly Range[]): void {
    put_json_list(this.heap, events, this.put_event);
  }

  put_links(links: readonly Range[]): void {
    put_json_list(this.heap, links, this.put_link);
  }

  /**
   * Reads an event, which is good until the next one is read. Its attributes stay on the stack of entries until the caller
   * takes them off.
   */
  read_event(message: Range): WireEvent {
    const { reader, values, event } = this;
    event.time_at = NOT_SENT;
    event.name.clear();
    event.base = values.entries.count;
    event.dropped = 0;
    const { end } = message;
    reader.at = message.start;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === EVENT_TIME) event.time_at = reader.fixed64(end);
      else if (tag === EVENT_NAME) event.name.read(reader, end);
      else if (tag === EVENT_ATTRIBUTE) values.read_entry(event.base, enter_message(reader, end));
      else if (tag === EVENT_DROPPED) event.dropped = reader.uint32(end);
      else reader.skip(tag, end);
    }
    return event;
  }

  private put_event = (message: Range): void => {
    const { reader, heap, values } = this;
    const event = this.read_event(message);
    heap.put_ascii('{"name":');
    put_json_string(heap, reader, event.name.start, event.name.end);
    heap.put_ascii(',"timeUnixNano":');
    this.time.read(reader.view, event.time_at);
    this.time.put_digits(heap);
    heap.put_ascii(',"attributes":');
    values.put_object(event.base);
    this.put_number(',"droppedAttributesCount":', event.dropped);
    heap.put_byte(CLOSING_BRACE);
  };

  private put_link = (message: Range): void => {
    const { reader, heap, values } = this;
    const { end } = message;
    const base = values.entries.count;
    let trace_id = ABSENT;
    let span_id = ABSENT;
    let trace_state = ABSENT;
    let dropped = 0;
    let flags = 0;
    reader.at = message.start;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === LINK_TRACE_ID) trace_id = read_range(reader, end);
      else if (tag === LINK_SPAN_ID) span_id = read_range(reader, end);
      else if (tag === LINK_TRACE_STATE) trace_state = read_range(reader, end);
      else if (tag === LINK_ATTRIBUTE) values.read_entry(base, enter_message(reader, end));
      else if (tag === LINK_DROPPED) dropped = reader.uint32(end);
      else if (tag === LINK_FLAGS) flags = reader.fixed32(end);
      else reader.skip(tag, end);
    }
    heap.put_ascii('{"traceId":"');
    put_hex(heap, reader.bytes, trace_id.start, trace_id.end);
    heap.put_ascii('","spanId":"');
    put_hex(heap, reader.bytes, span_id.start, span_id.end);
    heap.put_ascii('","traceState":');
    put_json_string(heap, reader, trace_state.start, trace_state.end);
    heap.put_ascii(',"attributes":');
    values.put_object(base);
    this.put_number(',"droppedAttributesCount":', dropped);
    this.put_number(',"flags":', flags);
    heap.put_byte(CLOSING_BRACE);
  };

  private put_number(key: string, value: number): void {
    this.heap.put_ascii(key);
    put_decimal(this.heap, value);
  }
}
