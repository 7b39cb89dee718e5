import { describe, expect, it } from "bun:test";
import { DecodedBatch, DecodeError } from "../../src/decode/index.ts";
import { batch_rows } from "../support/batch-rows.ts";
import { hex, new_id, request_bytes, type SpanInit, span_init, text_attributes } from "../support/otlp.ts";

const started = (init: SpanInit = {}): SpanInit => span_init({ endTimeUnixNano: 0n, ...init });

function decoded(...spans: SpanInit[]): DecodedBatch {
  const batch = new DecodedBatch();
  batch.decode_request(request_bytes(spans));
  return batch;
}

describe("a span that has not ended", () => {
  it("is known by an end time of 0", () => {
    const without_times = span_init({ startTimeUnixNano: 0n, endTimeUnixNano: 0n });
    const { pending_rows } = decoded(
      span_init(),
      started(),
      span_init({ endTimeUnixNano: 1n }),
      without_times,
      started(),
    );
    expect(pending_rows).toEqual([1, 4]);
  });

  it("is the parent of a pending span of Logfire's, in the place of which it stands", () => {
    const [spanId, parentSpanId, grandparent] = [new_id(8), new_id(8), new_id(8)];
    const record = (attributes: Record<string, string>) =>
      span_init({ spanId, parentSpanId, attributes: text_attributes(attributes) });
    const told = (parent: Record<string, string>) => {
      const batch = decoded(record({ "logfire.span_type": "pending_span", ...parent }));
      expect(batch.pending_rows).toEqual([0]);
      return batch_rows(batch, batch.spans)[0];
    };
    const row = { span_id: hex(parentSpanId), end_time: 0n, end_time_nanosecond: 0 };
    expect(told({ "logfire.pending_parent_id": hex(grandparent) })).toMatchObject({
      ...row,
      parent_span_id: hex(grandparent),
    });
    for (const parent of ["0000000000000000", "none", hex(grandparent).toUpperCase()]) {
      expect(told({ "logfire.pending_parent_id": parent })).toMatchObject({ ...row, parent_span_id: null });
    }
    expect(told({})).toMatchObject({ ...row, parent_span_id: null });
  });

  it("is not what only looks like one of Logfire's", () => {
    const no_parent = span_init({ attributes: text_attributes({ "logfire.span_type": "pending_span" }) });
    const another = span_init({
      parentSpanId: new_id(8),
      attributes: text_attributes({ "logfire.span_type": "span" }),
    });
    const batch = decoded(no_parent, another);
    expect(batch.pending_rows).toEqual([]);
    expect(batch_rows(batch, batch.spans).map(({ span_id }) => span_id)).toEqual(
      [no_parent, another].map(({ spanId }) => hex(spanId as Uint8Array)),
    );
  });

  it("keeps its number right when rows are taken out, and goes with a request that fails", () => {
    const batch = decoded(
      span_init(),
      started({ name: "a" }),
      span_init(),
      started({ name: "b" }),
      started({ name: "c" }),
    );
    batch.remove_spans(new Set([2, 0, 3]));
    expect(batch.pending_rows.map((row) => batch_rows(batch, batch.spans)[row].name)).toEqual(["a", "c"]);
    const failing = request_bytes([started(), span_init({ traceId: new Uint8Array(3) })]);
    expect(() => batch.decode_request(failing)).toThrow(DecodeError);
    expect(batch.pending_rows).toEqual([0, 1]);
    batch.clear();
    expect(batch.pending_rows).toEqual([]);
  });
});
