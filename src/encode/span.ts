import { bytes_value, is_text, key_values, no_string, type OtherKind } from "./any-value.ts";
import { fields_of, span_attributes } from "./attributes.ts";
import { elements } from "./json-parts.ts";
import type { PatchFacts, SpanRow } from "./types.ts";

const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"];

/** A row as an OTLP span in JSON. */
export function span_json(row: SpanRow, patches: PatchFacts | null): string {
  const kind = KINDS.indexOf(row.kind);
  return object({
    traceId: `"${row.trace_id}"`,
    spanId: `"${row.span_id}"`,
    traceState: JSON.stringify(row.trace_state),
    parentSpanId: row.parent_span_id === null ? null : `"${row.parent_span_id}"`,
    flags: row.trace_flags >>> 0,
    name: JSON.stringify(row.name),
    kind: kind < 0 ? row.kind : kind,
    startTimeUnixNano: nanos(row.start_time, row.start_time_nanosecond),
    endTimeUnixNano: nanos(row.end_time, row.end_time_nanosecond),
    attributes: span_attributes(row, patches),
    droppedAttributesCount: row.dropped_attributes_count,
    events: list(row.events_json, (event, index) => event_json(event, patch_of(patches, index))),
    droppedEventsCount: row.dropped_events_count,
    links: list(row.links_json, link_json),
    droppedLinksCount: row.dropped_links_count,
    status: object({ message: JSON.stringify(row.status_message), code: row.status_code }),
  });
}

/** Fields that say nothing, as 0, "" and [], are left out: their absence says the same. */
export function object(fields: Record<string, string | number | null>): string {
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const says_nothing = value === null || value === '""' || value === "[]" || value === "{}" || Number(value) === 0;
    return says_nothing ? [] : [`"${name}":${value}`];
  });
  return `{${parts.join()}}`;
}

const nanos = (us: bigint, rest: number): string => `"${us * 1000n + BigInt(rest)}"`;

const list = (array: string, one: (element: string, index: number) => string): string =>
  `[${Array.from(elements(array), one).join()}]`;

type Patch = PatchFacts["patches"][number];

const patch_of = (facts: PatchFacts | null, index: number): Patch | undefined =>
  facts?.patches.find((patch) => patch.index === index);

function event_json(event: string, patch: Patch | undefined): string {
  const fields = fields_of(event);
  return object({
    timeUnixNano: `"${fields.get('"timeUnixNano"')}"`,
    name: fields.get('"name"') ?? null,
    attributes: key_values(fields.get('"attributes"') ?? "{}", patch && kinds_by_patch(patch)),
    droppedAttributesCount: fields.get('"droppedAttributesCount"') ?? null,
  });
}

/** Of the two attributes that patches are made of, bytes are another patch than their base64 as text. */
function kinds_by_patch(patch: Patch): OtherKind {
  return (key, value) => {
    if (key === '"junjo.store.id"') return patch.store_id === value ? no_string(value) : null;
    if (key !== '"junjo.state_json_patch"' || !patch.is_string || !is_text(value)) return null;
    const text = JSON.parse(value) as string;
    return is_json(text) ? bytes_value(text) : null;
  };
}

function is_json(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function link_json(link: string): string {
  const fields = fields_of(link);
  const field = (name: string) => fields.get(`"${name}"`) ?? null;
  return object({
    traceId: field("traceId"),
    spanId: field("spanId"),
    traceState: field("traceState"),
    attributes: key_values(field("attributes") ?? "{}"),
    droppedAttributesCount: field("droppedAttributesCount"),
    flags: field("flags"),
  });
}
