import { fields, last_field, type Range, WireReader } from "../wire/index.ts";

// Field keys of ExportTraceServiceRequest, ResourceSpans and ScopeSpans.
const RESOURCE_SPANS = 10;
const RESOURCE = 10;
const SCOPE_SPANS = 18;
const SCOPE = 10;
const SPAN = 18;
const SCHEMA_URL = 26;

/** Where one span of a request lies, and what it shares with others. */
export type SpanParts = {
  span: Range;
  resource: Range;
  resource_schema_url: Range;
  scope: Range;
  scope_schema_url: Range;
};

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
