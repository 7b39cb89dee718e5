import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { open_wal_reader, type WalEntry } from "../../src/wal/index.ts";
import { number_of } from "./numbered-load.ts";

export const queue_of = (data_dir: string): string => join(data_dir, "wal");

/** What the queue keeps, oldest first. */
export function queue_entries(data_dir: string): WalEntry[] {
  using reader = open_wal_reader(queue_of(data_dir));
  return reader.read(null, { span_count_max: Infinity, bytes_max: Infinity });
}

/** The numbers of the spans in a request that have ended. */
export function numbers_in(body: Uint8Array): number[] {
  const { resourceSpans } = fromBinary(ExportTraceServiceRequestSchema, body);
  const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
  return spans.filter(({ endTimeUnixNano }) => endTimeUnixNano > 0n).map(({ name }) => number_of(name));
}
