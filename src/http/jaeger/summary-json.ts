import { z } from "@hono/zod-openapi";
import type { FoundTrace } from "../../store/index.ts";
import { count } from "../schema-parts.ts";

/** As protobuf's JSON has 64 bits. */
const unix_nano = (description: string) => z.string().openapi({ format: "uint64", description });

export const SUMMARY = z
  .object({
    traceId: z.string(),
    rootServiceName: z.string().openapi({ description: "empty while no span without a parent has arrived" }),
    rootOperationName: z.string(),
    minStartTimeUnixNano: unix_nano("of its first span"),
    maxEndTimeUnixNano: unix_nano("of the one that ended last"),
    spanCount: count(),
    errorSpanCount: count(),
    orphanSpanCount: count().openapi({ description: "spans whose parent has not arrived" }),
    services: z.array(z.object({ name: z.string(), spanCount: count(), errorSpanCount: count() })),
  })
  .openapi("JaegerTraceSummary");

/** A trace as a line of the list that Jaeger's page shows. */
export const summary_json = (trace: FoundTrace): z.infer<typeof SUMMARY> => ({
  traceId: trace.trace_id,
  rootServiceName: trace.root?.service_name ?? "",
  rootOperationName: trace.root?.name ?? "",
  minStartTimeUnixNano: String(trace.start_unix_nano),
  maxEndTimeUnixNano: String(trace.end_unix_nano),
  spanCount: trace.span_count,
  errorSpanCount: trace.error_count,
  orphanSpanCount: trace.orphan_count,
  services: trace.services.map(({ name, span_count, error_count }) => ({
    name,
    spanCount: span_count,
    errorSpanCount: error_count,
  })),
});
