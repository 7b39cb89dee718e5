import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base";

/** Sends spans of these names with a real SDK; resolves when each was acknowledged, rejects when one was not. */
export async function send_spans(
  otlp_http_port: number,
  service_name: string,
  names: readonly string[],
): Promise<void> {
  const exporter = new OTLPTraceExporter({ url: `http://127.0.0.1:${otlp_http_port}/v1/traces` });
  const errors: Error[] = [];
  const watched: SpanExporter = {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error) errors.push(result.error);
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ "service.name": service_name }),
    spanProcessors: [new BatchSpanProcessor(watched)],
  });
  for (const name of names) provider.getTracer("test").startSpan(name).end();
  await provider.forceFlush();
  await provider.shutdown();
  if (errors.length > 0) throw new AggregateError(errors, "not acknowledged");
}
