import type { ReadSpansResponse } from "../gen/ingestion/ingestion_pb.ts";
import { add_to_ulid, split_request } from "../wal/index.ts";
import { length_delimited_bytes, put_length_delimited, WireError } from "../wire/index.ts";
import type { SpanRecord } from "./types.ts";

const encoder = new TextEncoder();

function message(fields: readonly (readonly [number: number, content: Uint8Array])[]): Uint8Array {
  const out = new Uint8Array(fields.reduce((sum, [, content]) => sum + length_delimited_bytes(content.length), 0));
  fields.reduce((at, [number, content]) => put_length_delimited(out, at, number, content), 0);
  return out;
}

type Parts = {
  span: Uint8Array;
  resource: Uint8Array;
  resource_schema_url: Uint8Array;
  scope: Uint8Array;
  scope_schema_url: Uint8Array;
};

/** A request of one span. */
function request_of({ span, resource, resource_schema_url, scope, scope_schema_url }: Parts): Uint8Array {
  const scope_spans = message([
    [1, scope],
    [2, span],
    [3, scope_schema_url],
  ]);
  const resource_spans = message([
    [1, resource],
    [2, scope_spans],
    [3, resource_schema_url],
  ]);
  return message([[1, resource_spans]]);
}

/** What ReadSpans gives of one span, as an ExportTraceServiceRequest: so that there is one way into the decoder. */
export const request_of_response = (response: ReadSpansResponse): Uint8Array =>
  request_of({
    span: response.spanBytes,
    resource: response.resourceBytes,
    resource_schema_url: encoder.encode(response.resourceSchemaUrl),
    scope: response.scopeBytes,
    scope_schema_url: encoder.encode(response.scopeSchemaUrl),
  });

/** A record taken apart, a request for each span under its own key; null when its frame is broken. */
export function single_span_records({ first_key, body }: SpanRecord): SpanRecord[] | null {
  try {
    const parts = [...split_request(body)];
    const cut = ({ start, end }: { start: number; end: number }) => body.subarray(start, end);
    return parts.map((part, index) => {
      const key = add_to_ulid(first_key, index);
      const request = request_of({
        span: cut(part.span),
        resource: cut(part.resource),
        resource_schema_url: cut(part.resource_schema_url),
        scope: cut(part.scope),
        scope_schema_url: cut(part.scope_schema_url),
      });
      return { first_key: key, last_key: key, body: request };
    });
  } catch (error) {
    if (error instanceof WireError) return null;
    throw error;
  }
}
