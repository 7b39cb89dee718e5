import { describe, expect, it } from "bun:test";
import { hex, new_id, span_init, string_value, text_attributes } from "../../support/otlp.ts";
import { append_spans, trace_rows } from "../../support/store.ts";
import { type OpenStore, opened_for_block } from "./opened.ts";

/** Rows as they are given back. */
export function describe_rows(open: OpenStore): void {
  describe("a span's row", () => {
    const opened = opened_for_block(open);

    it("gives back every field", async () => {
      const span = span_init({
        parentSpanId: new_id(8),
        name: 'näme\u0000 "q"',
        kind: 3,
        traceState: "a=1",
        startTimeUnixNano: 1_795_000_000_123_456_789n,
        endTimeUnixNano: 1_795_000_001_000_000_001n,
        attributes: [
          { key: "big", value: { value: { case: "intValue", value: 9223372036854775807n } } },
          { key: "text", value: string_value("x") },
          ...text_attributes({ "junjo.workflow.state.start": '{"n": 12345678901234567890}', "junjo.id": "j" }),
        ],
        events: [{ name: "e", timeUnixNano: 1_795_000_000_123_456_789n, droppedAttributesCount: 4 }],
        links: [{ traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2), flags: 4294967295 }],
        status: { code: 2, message: "bad" },
        flags: 4294967295,
        droppedAttributesCount: 4294967295,
      });
      await append_spans(opened.store, [span], "row service");
      const text = await opened.store.span(hex(span.traceId as Uint8Array), hex(span.spanId as Uint8Array));
      expect(text).toContain('"big":9223372036854775807');
      expect(text).toContain('"timeUnixNano":1795000000123456789');
      expect(text).toContain('{"n": 12345678901234567890}');
      expect(JSON.parse(text ?? "")).toMatchObject({
        trace_id: hex(span.traceId as Uint8Array),
        parent_span_id: hex(span.parentSpanId as Uint8Array),
        service_name: "row service",
        name: 'näme\u0000 "q"',
        kind: "CLIENT",
        start_time: "2026-11-18T11:06:40.123456+00:00",
        start_time_nanosecond: 789,
        end_time: "2026-11-18T11:06:41.000000+00:00",
        end_time_nanosecond: 1,
        status_code: "2",
        status_message: "bad",
        trace_flags: 4294967295,
        trace_state: "a=1",
        junjo_id: "j",
        junjo_span_type: null,
        dropped_attributes_count: 4294967295,
        links_json: [{ traceId: "01".repeat(16), spanId: "02".repeat(8), flags: 4294967295 }],
        is_llm: false,
      });
    });

    it("holds times from 1970 to the last that OTLP can say", async () => {
      const span = span_init({ startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 64n - 1n });
      await append_spans(opened.store, [span]);
      expect(await trace_rows(opened.store, span)).toMatchObject([
        { start_time: "1970-01-01T00:00:00.000000+00:00", end_time: "2554-07-21T23:34:33.709551+00:00" },
      ]);
    });

    it("is null where there is none", async () => {
      expect(await opened.store.span("ab".repeat(16), "cd".repeat(8))).toBeNull();
    });
  });
}
