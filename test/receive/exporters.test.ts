import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { type Attributes, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { OTLPTraceExporter as GrpcExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { OTLPTraceExporter as JsonExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { OTLPTraceExporter as ProtobufExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import {
  BasicTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
  type SpanExporter,
} from "@opentelemetry/sdk-trace-base";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import type { Span } from "../../src/gen/opentelemetry/proto/trace/v1/trace_pb.ts";
import { hex } from "../support/otlp.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

type ExporterConfig = NonNullable<ConstructorParameters<typeof GrpcExporter>[0]>;
// An enum of a package that the exporters do not re-export.
const [NONE, GZIP] = ["none", "gzip"] as unknown as ExporterConfig["compression"][];

let receivers: Receivers;
beforeAll(async () => {
  receivers = await start_receivers({ api_keys: ["secret"] });
});
afterAll(() => receivers[Symbol.asyncDispose]());

const http_config = (compression = NONE) => ({
  url: `${receivers.http_url}/v1/traces`,
  headers: { "x-junjo-api-key": "secret" },
  compression,
});

async function grpc_exporter(compression = NONE): Promise<SpanExporter> {
  const { Metadata } = await import("@grpc/grpc-js");
  const metadata = new Metadata();
  metadata.set("authorization", "Bearer secret");
  return new GrpcExporter({ url: `http://${receivers.grpc_address}`, metadata, compression });
}

const EXPORTERS: Record<string, () => SpanExporter | Promise<SpanExporter>> = {
  gRPC: () => grpc_exporter(),
  "gRPC with gzip": () => grpc_exporter(GZIP),
  "HTTP with protobuf": () => new ProtobufExporter(http_config()),
  "HTTP with protobuf and gzip": () => new ProtobufExporter(http_config(GZIP)),
  "HTTP with JSON": () => new JsonExporter(http_config()),
  "HTTP with JSON and gzip": () => new JsonExporter(http_config(GZIP)),
};

const ATTRIBUTES: Attributes = {
  text: "a ✗ b",
  whole: 42,
  large: Number.MAX_SAFE_INTEGER,
  negative: -7,
  fraction: 1.25,
  yes: true,
  list: ["a", "b"],
};

/** Records two spans, one with a link to the other, and exports each as it ends. */
async function export_spans(exporter: SpanExporter, service_name: string): Promise<ReadableSpan[]> {
  const ended: ReadableSpan[] = [];
  const errors: unknown[] = [];
  const recording: SpanExporter = {
    export: (spans, done) => {
      ended.push(...spans);
      exporter.export(spans, (result) => {
        if (result.error) errors.push(result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
  };
  const resource = resourceFromAttributes({ "service.name": service_name });
  const provider = new BasicTracerProvider({ resource, spanProcessors: [new SimpleSpanProcessor(recording)] });
  const tracer = provider.getTracer("shop", "1.2.3");
  const parent = tracer.startSpan("parent", { kind: SpanKind.SERVER, attributes: ATTRIBUTES });
  parent.addEvent("happened", { why: "test" });
  parent.setStatus({ code: SpanStatusCode.ERROR, message: "no" });
  parent.end();
  const linked = tracer.startSpan("linked", { links: [{ context: parent.spanContext(), attributes: { n: 1 } }] });
  linked.end();
  await provider.forceFlush();
  await provider.shutdown();
  expect(errors).toEqual([]);
  return ended;
}

function stored_spans(service_name: string): Span[] {
  return receivers
    .bodies()
    .flatMap((body) => fromBinary(ExportTraceServiceRequestSchema, body).resourceSpans)
    .filter(({ resource }) =>
      resource?.attributes.some(({ key, value }) => key === "service.name" && value?.value.value === service_name),
    )
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

const nanos = ([seconds, nanos]: [number, number]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

describe("OpenTelemetry's own exporters", () => {
  for (const [name, create_exporter] of Object.entries(EXPORTERS)) {
    it(`are taken: ${name}`, async () => {
      const sent = await export_spans(await create_exporter(), name);
      // Each span is a request of its own, and the later one may overtake the other.
      const stored = stored_spans(name).sort((a, b) => b.name.localeCompare(a.name));
      expect(
        stored.map((span) => ({
          ids: [hex(span.traceId), hex(span.spanId)],
          name: span.name,
          times: [span.startTimeUnixNano, span.endTimeUnixNano],
          events: span.events.map(({ name }) => name),
          links: span.links.map(({ spanId }) => hex(spanId)),
        })),
      ).toEqual(
        sent.map((span) => ({
          ids: [span.spanContext().traceId, span.spanContext().spanId],
          name: span.name,
          times: [nanos(span.startTime), nanos(span.endTime)],
          events: span.events.map(({ name }) => name),
          links: span.links.map(({ context }) => context.spanId),
        })),
      );
      const [{ attributes, status, kind }] = stored;
      expect(Object.fromEntries(attributes.map(({ key, value }) => [key, value?.value.case as string]))).toEqual({
        text: "stringValue",
        whole: "intValue",
        large: "intValue",
        negative: "intValue",
        fraction: "doubleValue",
        yes: "boolValue",
        list: "arrayValue",
      });
      expect(attributes.find(({ key }) => key === "large")?.value?.value.value).toBe(9007199254740991n);
      expect({ status, kind }).toMatchObject({ status: { code: 2, message: "no" }, kind: 2 });
    });
  }
});
