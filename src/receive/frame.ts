import { LIMITS } from "../config/index.ts";
import { ExportTraceServiceRequestSchema } from "../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { enter_message, WireError, WireReader } from "../wire/index.ts";
import { type FieldShape, type MessageShape, shape_of } from "./shapes.ts";

// Field keys of Span.
const TRACE_ID = 10;
const SPAN_ID = 18;
const PARENT_SPAN_ID = 34;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Why a span can't be taken. */
export type RejectionReason = "trace_id" | "span_id" | "parent_span_id" | "too_deep";

/** What one pass over a request found out. */
export type Frame = {
  /** Spans that can be taken. */
  span_count: number;
  /** Pieces to cut out, `start, end, start, end, …`, in order: each a run of whole fields of one message. */
  cuts: number[];
  /** Spans that can't be taken, by reason. */
  rejected: Record<RejectionReason, number>;
  /** The first of them, as far as its ids could be read. */
  first_rejected: { trace_id: string; span_id: string } | null;
};

type Id = { start: number; bytes: number };

/**
 * Checks that bytes are an ExportTraceServiceRequest: that all lengths nest and known fields have their wire type.
 * Spans that can't be taken are found and counted; unknown fields are passed over. One instance serves a thread.
 */
export class FrameChecker {
  private readonly reader = new WireReader(new Uint8Array());
  private readonly request = shape_of(ExportTraceServiceRequestSchema);
  private readonly resource_spans = child_of(this.request, "resourceSpans");
  private readonly scope_spans = child_of(this.resource_spans, "scopeSpans");
  private readonly span = child_of(this.scope_spans, "spans");
  private readonly any_value = child_of(child_of(this.span, "attributes"), "value");
  private readonly array_value = child_of(this.any_value, "arrayValue");
  private readonly kvlist_value = child_of(this.any_value, "kvlistValue");
  private frame = empty_frame();
  private is_too_deep = false;
  /** Where the last cut of this ScopeSpans ends: neighbours become one cut. */
  private last_cut_end = -1;
  // Of the span that is being read.
  private readonly trace_id: Id = { start: 0, bytes: 0 };
  private readonly span_id: Id = { start: 0, bytes: 0 };
  private readonly parent_span_id: Id = { start: 0, bytes: 0 };

  /** Throws WireError, which says what is wrong and at which byte. */
  check(body: Uint8Array): Frame {
    this.reader.reset(body);
    this.frame = empty_frame();
    const end = body.length;
    while (this.reader.at < end) {
      const start = this.reader.at;
      const field = this.known_field(this.request, end);
      if (field) this.check_group(this.resource_spans, start, enter_message(this.reader, end));
    }
    return this.frame;
  }

  /**
   * A ResourceSpans or a ScopeSpans, whose field begins at `start`. When what its spans share can't be taken, none of
   * them can, wherever it stands among them.
   */
  private check_group(shape: MessageShape, start: number, end: number): void {
    const { reader, frame } = this;
    const span_count_before = frame.span_count;
    const cuts_before = frame.cuts.length;
    let is_shared_too_deep = false;
    this.last_cut_end = -1;
    while (reader.at < end) {
      const field_start = reader.at;
      const field = this.known_field(shape, end);
      if (!field) continue;
      if (field.message === this.scope_spans) {
        this.check_group(this.scope_spans, field_start, enter_message(this.reader, end));
      } else if (field.message === this.span) {
        this.check_span(field_start, enter_message(this.reader, end));
      } else {
        this.is_too_deep = false;
        this.check_value(field, end, 0);
        is_shared_too_deep ||= this.is_too_deep;
      }
    }
    if (!is_shared_too_deep) return;
    frame.rejected.too_deep += frame.span_count - span_count_before;
    frame.span_count = span_count_before;
    frame.cuts.length = cuts_before;
    frame.cuts.push(start, end);
  }

  private check_span(start: number, end: number): void {
    const { reader, trace_id, span_id, parent_span_id } = this;
    trace_id.bytes = span_id.bytes = parent_span_id.bytes = 0;
    this.is_too_deep = false;
    while (reader.at < end) {
      const field = this.known_field(this.span, end);
      if (!field) continue;
      if (field.tag === TRACE_ID) this.read_id(trace_id, end);
      else if (field.tag === SPAN_ID) this.read_id(span_id, end);
      else if (field.tag === PARENT_SPAN_ID) this.read_id(parent_span_id, end);
      else this.check_value(field, end, 0);
    }
    const reason = this.rejection_reason();
    if (reason === null) this.frame.span_count++;
    else this.reject_span(reason, start, end);
  }

  private rejection_reason(): RejectionReason | null {
    const parent_bytes = this.parent_span_id.bytes;
    if (!this.is_set(this.trace_id, TRACE_ID_BYTES)) return "trace_id";
    if (!this.is_set(this.span_id, SPAN_ID_BYTES)) return "span_id";
    // All zeros is how some clients write "no parent".
    if (parent_bytes !== 0 && parent_bytes !== SPAN_ID_BYTES) return "parent_span_id";
    return this.is_too_deep ? "too_deep" : null;
  }

  private reject_span(reason: RejectionReason, start: number, end: number): void {
    const { cuts, rejected } = this.frame;
    rejected[reason]++;
    this.frame.first_rejected ??= { trace_id: this.hex(this.trace_id), span_id: this.hex(this.span_id) };
    if (this.last_cut_end === start) cuts[cuts.length - 1] = end;
    else cuts.push(start, end);
    this.last_cut_end = end;
  }

  /** Reads a field's key; null when it was one that is not known, which then is passed over. */
  private known_field(shape: MessageShape, end: number): FieldShape | null {
    const { reader } = this;
    const start = reader.at;
    const tag = reader.tag(end);
    const field = shape.by_number[tag >>> 3];
    if (field === undefined) {
      reader.skip(tag, end);
      return null;
    }
    if (field.tag === tag) return field;
    throw new WireError("bad_wire_type", start, `${shape.name}.${field.json_name} with wire type ${tag & 7}`);
  }

  /** `depth`: how many arrays and maps are around. What lies deeper than allowed is not looked at. */
  private check_value({ tag, message }: FieldShape, end: number, depth: number): void {
    if (message === undefined) {
      this.reader.skip(tag, end);
      return;
    }
    const inner_end = enter_message(this.reader, end);
    if (message === this.any_value && depth > LIMITS.ATTRIBUTE_DEPTH_MAX) {
      this.is_too_deep = true;
      this.reader.at = inner_end;
      return;
    }
    const is_collection = message === this.array_value || message === this.kvlist_value;
    this.check_message(message, inner_end, is_collection ? depth + 1 : depth);
  }

  private check_message(shape: MessageShape, end: number, depth: number): void {
    while (this.reader.at < end) {
      const field = this.known_field(shape, end);
      if (field) this.check_value(field, end, depth);
    }
  }

  private read_id(id: Id, end: number): void {
    id.bytes = this.reader.length(end);
    id.start = this.reader.at;
    this.reader.at += id.bytes;
  }

  private is_set(id: Id, bytes_wanted: number): boolean {
    if (id.bytes !== bytes_wanted) return false;
    for (let i = 0; i < bytes_wanted; i++) if (this.reader.bytes[id.start + i] !== 0) return true;
    return false;
  }

  private hex({ start, bytes }: Id): string {
    const shown_bytes = Math.min(bytes, 2 * TRACE_ID_BYTES);
    return Buffer.from(this.reader.bytes.subarray(start, start + shown_bytes)).toString("hex");
  }
}

function child_of(shape: MessageShape, json_name: string): MessageShape {
  const child = shape.by_json_name.get(json_name)?.message;
  if (child === undefined) throw new Error(`${shape.name} has no message field ${json_name}`);
  return child;
}

const empty_frame = (): Frame => ({
  span_count: 0,
  cuts: [],
  rejected: { trace_id: 0, span_id: 0, parent_span_id: 0, too_deep: 0 },
  first_rejected: null,
});
