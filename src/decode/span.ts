import { type Range, type WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import type { CellWriter } from "./cells.ts";
import { type ColumnBatch, column_indexes } from "./column-batch.ts";
import { SPAN_COLUMNS } from "./columns.ts";
import { DecodeError } from "./error.ts";
import type { EventDecoder } from "./events.ts";
import { KEY } from "./known-keys.ts";
import type { ResourceCells, ScopeCells } from "./origin.ts";
import type { AttributeDecoder } from "./span-attributes.ts";
import type { PatchDecoder } from "./state-patches.ts";
import { WireTime } from "./time.ts";
import { WireSpan } from "./wire-span.ts";

const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;
const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];
const COLUMN = column_indexes(SPAN_COLUMNS);

/** Writes spans as rows of `spans`, and their set_state events as rows of `state_patches`. */
export class SpanDecoder {
  private readonly span_fields = new WireSpan();
  private readonly time = new WireTime();

  constructor(
    private readonly reader: WireReader,
    private readonly values: AnyValues,
    private readonly cells: CellWriter,
    private readonly events: EventDecoder,
    private readonly attributes: AttributeDecoder,
    private readonly patches: PatchDecoder,
    private readonly batch: ColumnBatch,
    /** Rows of spans that have not ended, to be added to. */
    private readonly pending_rows: number[],
  ) {}

  /** Adds the row of the span from the reader's place to `end`, and its patches'. Throws WireError or DecodeError; then the caller takes back what was written. */
  span(end: number, resource: ResourceCells, scope: ScopeCells): void {
    const { batch, cells, events } = this;
    const span = this.span_fields;
    span.read(this.reader, this.values, end);
    this.check_ids(span);
    const row = batch.add_row();
    const has_start = this.put_identity(row, span);
    this.put_outcome(row, span);
    this.put_origin(row, resource, scope);
    this.attributes.put(row, span.base);
    const is_told = has_start && this.attributes.is_start_record() && !this.is_zero(span.parent_span_id);
    if (is_told) this.put_started(row, span);
    if (is_told || (has_start && this.time.is_zero)) this.pending_rows.push(row);
    const events_at = cells.end;
    events.put_events(span.events);
    cells.written_since(events_at, batch, COLUMN.events_json, row);
    const links_at = cells.end;
    events.put_links(span.links);
    cells.written_since(links_at, batch, COLUMN.links_json, row);
    this.patches.put(row, span.events);
    this.values.entries.truncate(span.base);
  }

  /** The receivers cut such spans out; a remote ingestion service may not have. */
  private check_ids({ trace_id, span_id, parent_span_id }: WireSpan): void {
    this.check_id("trace_id", trace_id, TRACE_ID_BYTES);
    this.check_id("span_id", span_id, SPAN_ID_BYTES);
    const parent_bytes = parent_span_id.end - parent_span_id.start;
    if (parent_bytes !== 0 && parent_bytes !== SPAN_ID_BYTES) {
      throw new DecodeError("bad_id", `parent_span_id of ${parent_bytes} bytes, not ${SPAN_ID_BYTES}`);
    }
  }

  private check_id(field: string, id: Range, bytes: number): void {
    const length = id.end - id.start;
    if (length !== bytes) throw new DecodeError("bad_id", `${field} of ${length} bytes, not ${bytes}`);
    if (this.is_zero(id)) throw new DecodeError("bad_id", `${field} is all zeros`);
  }

  private is_zero({ start, end }: Range): boolean {
    for (let at = start; at < end; at++) if (this.reader.bytes[at] !== 0) return false;
    return true;
  }

  /** Gives whether the span has a start: one without was written by hand. Leaves its end in `time`. */
  private put_identity(row: number, span: WireSpan): boolean {
    const { batch, cells } = this;
    cells.id(batch, COLUMN.trace_id, row, span.trace_id);
    cells.id(batch, COLUMN.span_id, row, span.span_id);
    // All zeros is how some clients write "no parent"; W3C has no such span id.
    if (!this.is_zero(span.parent_span_id)) cells.id(batch, COLUMN.parent_span_id, row, span.parent_span_id);
    cells.string(batch, COLUMN.name, row, span.name);
    cells.string(batch, COLUMN.trace_state, row, span.trace_state);
    cells.word(batch, COLUMN.kind, row, KINDS[span.kind] ?? String(span.kind));
    batch.set_number(COLUMN.trace_flags, row, span.flags | 0);
    this.put_time(COLUMN.start_time, COLUMN.start_time_nanosecond, row, span.start_time_at);
    const has_start = !this.time.is_zero;
    this.put_time(COLUMN.end_time, COLUMN.end_time_nanosecond, row, span.end_time_at);
    return has_start;
  }

  /** What Logfire sends when a span starts is a span of its own, below the one that it tells of: the row is that one's. */
  private put_started(row: number, span: WireSpan): void {
    const { batch, cells } = this;
    cells.id(batch, COLUMN.span_id, row, span.parent_span_id);
    const parent = this.attributes.sent_text(KEY.logfire_pending_parent);
    if (parent !== null && this.is_span_id(parent)) cells.string(batch, COLUMN.parent_span_id, row, parent);
    else batch.set_null(COLUMN.parent_span_id, row);
    batch.set_number64(COLUMN.end_time, row, 0, 0);
    batch.set_number(COLUMN.end_time_nanosecond, row, 0);
  }

  /** As 16 lower-case hex digits, of which not all are 0. */
  private is_span_id({ start, end }: Range): boolean {
    const text = Buffer.from(this.reader.bytes.subarray(start, end)).toString("latin1");
    return /^(?!0{16})[\da-f]{16}$/.test(text);
  }

  private put_outcome(row: number, span: WireSpan): void {
    const { batch, cells } = this;
    cells.word(batch, COLUMN.status_code, row, String(span.status_code));
    cells.string(batch, COLUMN.status_message, row, span.status_message);
    batch.set_number(COLUMN.dropped_attributes_count, row, span.dropped_attributes);
    batch.set_number(COLUMN.dropped_events_count, row, span.dropped_events);
    batch.set_number(COLUMN.dropped_links_count, row, span.dropped_links);
  }

  private put_origin(row: number, resource: ResourceCells, scope: ScopeCells): void {
    const { batch, cells } = this;
    cells.share(batch, COLUMN.service_name, row, resource.service_name);
    cells.share(batch, COLUMN.resource_attributes_json, row, resource.attributes);
    cells.share(batch, COLUMN.resource_entity_refs_json, row, resource.entity_refs);
    cells.share(batch, COLUMN.resource_schema_url, row, resource.schema_url);
    batch.set_number(COLUMN.resource_dropped_attributes_count, row, resource.dropped);
    cells.share(batch, COLUMN.scope_name, row, scope.name);
    cells.share(batch, COLUMN.scope_version, row, scope.version);
    cells.share(batch, COLUMN.scope_attributes_json, row, scope.attributes);
    cells.share(batch, COLUMN.scope_schema_url, row, scope.schema_url);
    batch.set_number(COLUMN.scope_dropped_attributes_count, row, scope.dropped);
  }

  private put_time(column: number, rest_column: number, row: number, at: number): void {
    const { time, batch } = this;
    time.read(this.reader.view, at);
    batch.set_number64(column, row, time.micros_high, time.micros_low);
    batch.set_number(rest_column, row, time.nanos_rest);
  }
}
