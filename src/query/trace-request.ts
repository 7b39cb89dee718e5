import { type PatchFacts, RequestWriter, type SpanRow } from "../encode/index.ts";
import { otlp_json_to_protobuf } from "../receive/index.ts";
import type { SpanStore, StatePatch } from "../store/index.ts";

export type OtlpEncoding = "json" | "protobuf";

/** Spans, and characters of them, that are in memory as a request at once. */
const PIECE_SPANS_MAX = 512;
const PIECE_CHARACTERS_MAX = 1024 * 1024;

const JSON_OPENING = '{"resourceSpans":[';
const JSON_CLOSING = "]}";

/**
 * Traces as one ExportTraceServiceRequest, a piece at a time; without spans if they are unknown. Sent to an empty server it
 * becomes the same rows. Rejects with StoreError.
 */
export async function* trace_request(
  store: SpanStore,
  trace_ids: readonly string[],
  encoding: OtlpEncoding,
): AsyncGenerator<Uint8Array> {
  const encoder = new TextEncoder();
  let opening = JSON_OPENING;
  for (const trace_id of trace_ids) {
    const id = trace_id.toLowerCase();
    const facts = facts_by_span(await store.state_patches(id));
    for await (const piece of request_pieces(await store.whole_spans(id), facts)) {
      // Messages one behind the other are one message that has what all of them have.
      if (encoding === "protobuf") yield otlp_json_to_protobuf(encoder.encode(piece));
      else yield encoder.encode(opening + piece.slice(JSON_OPENING.length, -JSON_CLOSING.length));
      opening = ",";
    }
  }
  if (encoding === "json") yield encoder.encode((opening === JSON_OPENING ? JSON_OPENING : "") + JSON_CLOSING);
}

async function* request_pieces(
  rows: AsyncIterableIterator<SpanRow>,
  facts: ReadonlyMap<string, PatchFacts>,
): AsyncGenerator<string> {
  const request = new RequestWriter();
  for await (const row of rows) {
    request.add(row, facts.get(row.span_id) ?? null);
    if (request.span_count >= PIECE_SPANS_MAX || request.length >= PIECE_CHARACTERS_MAX) yield request.take();
  }
  if (request.span_count > 0) yield request.take();
}

function facts_by_span(patches: readonly StatePatch[]): Map<string, PatchFacts> {
  const by_span = Map.groupBy(patches, ({ span_id }) => span_id);
  return new Map(
    Array.from(by_span, ([span_id, of_span]) => [
      span_id,
      {
        workflow_id: of_span[0].workflow_id,
        node_id: of_span[0].node_id,
        patches: of_span.map(({ patch_id, patch_store_id, patch_json }) => ({
          index: Number(patch_id.slice(patch_id.lastIndexOf(":") + 1)),
          store_id: patch_store_id,
          is_string: patch_json.startsWith('"'),
        })),
      },
    ]),
  );
}
