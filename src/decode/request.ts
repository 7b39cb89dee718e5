import { enter_message, fields, find_field, last_field, type Range, type WireReader } from "../wire/index.ts";
import type { OriginDecoder, ResourceCells } from "./origin.ts";
import type { SpanDecoder } from "./span.ts";

// Field keys of ExportTraceServiceRequest, ResourceSpans and ScopeSpans.
const RESOURCE_SPANS = 10;
const RESOURCE = 10;
const SCOPE_SPANS = 18;
const SCOPE = 10;
const SPAN = 18;
const SCHEMA_URL = 26;

/** Walks a request from the outside in. */
export class RequestDecoder {
  constructor(
    private readonly reader: WireReader,
    private readonly origins: OriginDecoder,
    private readonly spans: SpanDecoder,
  ) {}

  request(): void {
    const { reader } = this;
    const request = { start: 0, end: reader.bytes.length };
    for (const resource_spans of fields(reader, request, RESOURCE_SPANS)) this.resource_spans(resource_spans);
  }

  private resource_spans(message: Range): void {
    const { reader, origins } = this;
    // A field may come in any place, so what the spans share is looked for first.
    const resource = origins.resource(last_field(reader, message, RESOURCE), last_field(reader, message, SCHEMA_URL));
    for (const scope_spans of fields(reader, message, SCOPE_SPANS)) this.scope_spans(scope_spans, resource);
  }

  private scope_spans(message: Range, resource: ResourceCells): void {
    const { reader, origins } = this;
    const scope = origins.scope(last_field(reader, message, SCOPE), last_field(reader, message, SCHEMA_URL));
    reader.at = message.start;
    while (find_field(reader, SPAN, message.end)) {
      const end = enter_message(reader, message.end);
      this.spans.span(end, resource, scope);
      reader.at = end;
    }
  }
}
