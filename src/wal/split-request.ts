import { WireReader } from "../wire/index.ts";

// Field keys of ExportTraceServiceRequest, ResourceSpans and ScopeSpans.
const RESOURCE_SPANS = 10;
const RESOURCE = 10;
const SCOPE_SPANS = 18;
const SCOPE = 10;
const SPAN = 18;
const SCHEMA_URL = 26;

/** A piece of a request's bytes: the content of one field. Empty when the field is absent. */
export type Range = { readonly start: number; readonly end: number };

/** Where one span of a request lies, and what it shares with others. */
export type SpanParts = {
  span: Range;
  resource: Range;
  resource_schema_url: Range;
  scope: Range;
  scope_schema_url: Range;
};

const ABSENT: Range = { start: 0, end: 0 };

/** The spans of a serialized ExportTraceServiceRequest, in its order, which is that of their keys. Throws WireError. */
export function* split_request(body: Uint8Array): Generator<SpanParts> {
  const reader = new WireReader(body);
  for (const resource_spans of fields(reader, { start: 0, end: body.length }, RESOURCE_SPANS)) {
    // A field may come in any place, so what the spans share is looked for first.
    const resource = last_field(reader, resource_spans, RESOURCE);
    const resource_schema_url = last_field(reader, resource_spans, SCHEMA_URL);
    for (const scope_spans of fields(reader, resource_spans, SCOPE_SPANS)) {
      const scope = last_field(reader, scope_spans, SCOPE);
      const scope_schema_url = last_field(reader, scope_spans, SCHEMA_URL);
      for (const span of fields(reader, scope_spans, SPAN)) {
        yield { span, resource, resource_schema_url, scope, scope_schema_url };
      }
    }
  }
}

function* fields(reader: WireReader, message: Range, wanted: number): Generator<Range> {
  let at = message.start;
  while (at < message.end) {
    reader.at = at;
    const tag = reader.tag(message.end);
    const is_wanted = tag === wanted;
    const length = is_wanted ? reader.length(message.end) : 0;
    const start = reader.at;
    if (is_wanted) reader.at += length;
    else reader.skip(tag, message.end);
    at = reader.at;
    if (is_wanted) yield { start, end: at };
  }
}

function last_field(reader: WireReader, message: Range, wanted: number): Range {
  let last = ABSENT;
  for (const field of fields(reader, message, wanted)) last = field;
  return last;
}
