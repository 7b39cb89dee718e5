import { enter_message, Place, type Range, read_range, type WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import { NOT_SENT } from "./time.ts";

// Field keys of opentelemetry.proto.trace.v1.Span and Status.
const TRACE_ID = 10;
const SPAN_ID = 18;
const TRACE_STATE = 26;
const PARENT_SPAN_ID = 34;
const NAME = 42;
const KIND = 48;
const START_TIME = 57;
const END_TIME = 65;
const ATTRIBUTE = 74;
const DROPPED_ATTRIBUTES = 80;
const EVENT = 90;
const DROPPED_EVENTS = 96;
const LINK = 106;
const DROPPED_LINKS = 112;
const STATUS = 122;
const FLAGS = 133;
const STATUS_MESSAGE = 18;
const STATUS_CODE = 24;

/**
 * One span's fields, as places in the wire bytes; its attributes are the map that begins at `base`. One instance serves
 * every span: with objects of its own for each, a span took 0.6 KB of JavaScript's heap.
 */
export class WireSpan {
  readonly trace_id = new Place();
  readonly span_id = new Place();
  readonly parent_span_id = new Place();
  readonly trace_state = new Place();
  readonly name = new Place();
  kind = 0;
  start_time_at = NOT_SENT;
  end_time_at = NOT_SENT;
  base = 0;
  dropped_attributes = 0;
  readonly events: Range[] = [];
  dropped_events = 0;
  readonly links: Range[] = [];
  dropped_links = 0;
  status_code = 0;
  readonly status_message = new Place();
  flags = 0;

  /** Reads the span from the reader's place to `end`. Its attributes are put on the stack of `values`. */
  read(reader: WireReader, values: AnyValues, end: number): void {
    this.clear();
    this.base = values.entries.count;
    while (reader.at < end) {
      const tag = reader.tag(end);
      switch (tag) {
        case TRACE_ID:
          this.trace_id.read(reader, end);
          break;
        case SPAN_ID:
          this.span_id.read(reader, end);
          break;
        case TRACE_STATE:
          this.trace_state.read(reader, end);
          break;
        case PARENT_SPAN_ID:
          this.parent_span_id.read(reader, end);
          break;
        case NAME:
          this.name.read(reader, end);
          break;
        case KIND:
          this.kind = reader.uint32(end) | 0;
          break;
        case START_TIME:
          this.start_time_at = reader.fixed64(end);
          break;
        case END_TIME:
          this.end_time_at = reader.fixed64(end);
          break;
        case ATTRIBUTE:
          values.read_entry(this.base, enter_message(reader, end));
          break;
        case DROPPED_ATTRIBUTES:
          this.dropped_attributes = reader.uint32(end);
          break;
        case EVENT:
          this.events.push(read_range(reader, end));
          break;
        case DROPPED_EVENTS:
          this.dropped_events = reader.uint32(end);
          break;
        case LINK:
          this.links.push(read_range(reader, end));
          break;
        case DROPPED_LINKS:
          this.dropped_links = reader.uint32(end);
          break;
        case STATUS:
          this.read_status(reader, enter_message(reader, end));
          break;
        case FLAGS:
          this.flags = reader.fixed32(end);
          break;
        default:
          reader.skip(tag, end);
      }
    }
  }

  private read_status(reader: WireReader, end: number): void {
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag === STATUS_MESSAGE) this.status_message.read(reader, end);
      else if (tag === STATUS_CODE) this.status_code = reader.uint32(end) | 0;
      else reader.skip(tag, end);
    }
  }

  private clear(): void {
    this.trace_id.clear();
    this.span_id.clear();
    this.parent_span_id.clear();
    this.trace_state.clear();
    this.name.clear();
    this.kind = this.status_code = this.flags = 0;
    this.start_time_at = this.end_time_at = NOT_SENT;
    this.events.length = this.links.length = 0;
    this.dropped_attributes = this.dropped_events = this.dropped_links = 0;
    this.status_message.clear();
  }
}
