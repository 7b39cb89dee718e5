import { ExportTraceServiceResponseSchema } from "../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { create, toBinary } from "@bufbuild/protobuf";
import { fields, type Range, tag, WireReader } from "../wire/index.ts";
import { FULL_SUCCESS, type PartialSuccess } from "./rejections.ts";

export type SignalName = "traces" | "metrics" | "logs";

/** One of the things that OTLP carries: its two addresses, and how its answer is called in JSON. */
export type Signal = { http_path: string; grpc_path: string; rejected_json_name: string };

export const SIGNALS: Record<SignalName, Signal> = {
  traces: {
    http_path: "/v1/traces",
    grpc_path: "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    rejected_json_name: "rejectedSpans",
  },
  metrics: {
    http_path: "/v1/metrics",
    grpc_path: "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
    rejected_json_name: "rejectedDataPoints",
  },
  logs: {
    http_path: "/v1/logs",
    grpc_path: "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    rejected_json_name: "rejectedLogRecords",
  },
};

/** The fields to go through, one level after the other, to what is counted: by number on the wire, by name in JSON. */
type Level = Record<string, number>;

const UNSTORED: Record<Exclude<SignalName, "traces">, { levels: Level[]; what: string }> = {
  metrics: {
    levels: [
      { resourceMetrics: 1 },
      { scopeMetrics: 2 },
      { metrics: 2 },
      { gauge: 5, sum: 7, histogram: 9, exponentialHistogram: 10, summary: 11 },
      { dataPoints: 1 },
    ],
    what: "metrics are not stored here, only traces",
  },
  logs: {
    levels: [{ resourceLogs: 1 }, { scopeLogs: 2 }, { logRecords: 2 }],
    what: "logs are not stored here, only traces",
  },
};

/** The answer to a serialized request of a signal that is not stored. Throws WireError. */
export function refuse_signal(signal: keyof typeof UNSTORED, body: Uint8Array): PartialSuccess {
  const { levels, what } = UNSTORED[signal];
  return refused(what, count_on_wire(new WireReader(body), { start: 0, end: body.length }, levels));
}

/** The answer to a parsed JSON request of a signal that is not stored. */
export function refuse_json_signal(signal: keyof typeof UNSTORED, request: unknown): PartialSuccess {
  const { levels, what } = UNSTORED[signal];
  return refused(what, count_in_json(request, levels));
}

/** The three answers have the same shape on the wire: what was rejected and why, or nothing at all. */
export function response_bytes({ rejected_count, error_message }: PartialSuccess): Uint8Array<ArrayBuffer> {
  if (rejected_count === 0) return new Uint8Array();
  const partialSuccess = { rejectedSpans: BigInt(rejected_count), errorMessage: error_message };
  return toBinary(ExportTraceServiceResponseSchema, create(ExportTraceServiceResponseSchema, { partialSuccess }));
}

export function response_json({ rejected_json_name }: Signal, partial_success: PartialSuccess): string {
  const { rejected_count, error_message } = partial_success;
  if (rejected_count === 0) return "{}";
  // JSON has 64-bit integers as text.
  const partialSuccess = { [rejected_json_name]: String(rejected_count), errorMessage: error_message };
  return JSON.stringify({ partialSuccess });
}

const refused = (what: string, rejected_count: number): PartialSuccess =>
  rejected_count === 0 ? FULL_SUCCESS : { rejected_count, error_message: what };

function count_on_wire(reader: WireReader, message: Range, [level, ...deeper]: readonly Level[]): number {
  if (level === undefined) return 1;
  let count = 0;
  for (const number of Object.values(level)) {
    for (const field of fields(reader, message, tag(number))) count += count_on_wire(reader, field, deeper);
  }
  return count;
}

function count_in_json(value: unknown, [level, ...deeper]: readonly Level[]): number {
  if (Array.isArray(value))
    return value.reduce((sum: number, item) => sum + count_in_json(item, [level, ...deeper]), 0);
  if (level === undefined) return 1;
  if (typeof value !== "object" || value === null) return 0;
  const children = value as Record<string, unknown>;
  return Object.keys(level).reduce((sum, name) => sum + count_in_json(children[name], deeper), 0);
}
