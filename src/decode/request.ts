import type { WireReader } from "../wire/index.ts";
import type { OriginDecoder, ResourceCells } from "./origin.ts";
import { ABSENT, type Range, read_range } from "./range.ts";
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
    const end = reader.bytes.length;
    while (reader.at < end) {
      const tag = reader.tag(end);
      if (tag !== RESOURCE_SPANS) {
        reader.skip(tag, end);
        continue;
      }
      const message = read_range(reader, end);
      this.resource_spans(message);
      reader.at = message.end;
    }
  }

  private resource_spans(message: Range): void {
    // A field may come in any place, so what the spans share is looked for first.
    const resource = this.origins.resource(this.last_field(message, RESOURCE), this.last_field(message, SCHEMA_URL));
    this.each_field(message, SCOPE_SPANS, (scope_spans) => this.scope_spans(scope_spans, resource));
  }

  private scope_spans(message: Range, resource: ResourceCells): void {
    const scope = this.origins.scope(this.last_field(message, SCOPE), this.last_field(message, SCHEMA_URL));
    this.each_field(message, SPAN, (span) => this.spans.span(span, resource, scope));
  }

  private last_field(message: Range, wanted: number): Range {
    let last = ABSENT;
    this.each_field(message, wanted, (range) => {
      last = range;
    });
    return last;
  }

  /** Calls `visit`, which may move the reader, for each field with the key `wanted`. */
  private each_field(message: Range, wanted: number, visit: (range: Range) => void): void {
    const { reader } = this;
    let at = message.start;
    while (at < message.end) {
      reader.at = at;
      const tag = reader.tag(message.end);
      if (tag === wanted) {
        const range = read_range(reader, message.end);
        at = range.end;
        visit(range);
      } else {
        reader.skip(tag, message.end);
        at = reader.at;
      }
    }
  }
}
