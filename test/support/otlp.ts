import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { AnyValueSchema, KeyValueSchema } from "../../src/gen/opentelemetry/proto/common/v1/common_pb.ts";
import type { SpanSchema } from "../../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";

export type SpanInit = MessageInitShape<typeof SpanSchema>;
export type ValueInit = MessageInitShape<typeof AnyValueSchema>;
export type KeyValueInit = MessageInitShape<typeof KeyValueSchema>;

export const string_value = (value: string): ValueInit => ({ value: { case: "stringValue", value } });
export const int_value = (value: bigint): ValueInit => ({ value: { case: "intValue", value } });

export const text_attributes = (attributes: Record<string, string>): KeyValueInit[] =>
  Object.entries(attributes).map(([key, value]) => ({ key, value: string_value(value) }));

let last_id = 0;

/** An id that no other call in this process gives. */
export function new_id(byte_count: 8 | 16): Uint8Array {
  const id = new Uint8Array(byte_count).fill(0xa5);
  new DataView(id.buffer).setUint32(0, ++last_id);
  return id;
}

/** A span with ids and times of its own; `init` replaces what it names. */
export function span_init(init: SpanInit = {}): SpanInit {
  const start = 1_795_000_000_000_000_000n + BigInt(last_id) * 1_000_000n;
  return {
    traceId: new_id(16),
    spanId: new_id(8),
    name: "work",
    kind: 1,
    startTimeUnixNano: start,
    endTimeUnixNano: start + 500_000n,
    ...init,
  };
}

/** A serialized request with these spans, of one resource and scope. */
export function request_bytes(spans: readonly SpanInit[], service_name = "shop"): Uint8Array {
  const request = create(ExportTraceServiceRequestSchema, {
    resourceSpans: [
      {
        resource: { attributes: text_attributes({ "service.name": service_name }) },
        scopeSpans: [{ scope: { name: "test", version: "1" }, spans: [...spans] }],
      },
    ],
  });
  return toBinary(ExportTraceServiceRequestSchema, request);
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

export const event_init = (name: string, attributes: Record<string, string>) => ({
  name,
  timeUnixNano: 1_795_000_000_000_000_001n,
  attributes: text_attributes(attributes),
});
