import { useState } from "react";
import { CopyButton } from "./copy-button.tsx";

/** The address that is in use, with OTLP/HTTP's usual port: where the receivers listen is not known here. */
const OTLP_HTTP_PORT = 4318;

const SNIPPETS: Record<string, (address: string) => string> = {
  Python: (address) => `# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor

provider = TracerProvider(resource=Resource({"service.name": "hello"}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(endpoint="${address}/v1/traces")))
trace.set_tracer_provider(provider)
with trace.get_tracer("hello").start_as_current_span("first trace"):
    pass`,
  Node: (
    address,
  ) => `// npm install @opentelemetry/sdk-trace-base @opentelemetry/exporter-trace-otlp-proto @opentelemetry/resources
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

const provider = new BasicTracerProvider({
  resource: resourceFromAttributes({ "service.name": "hello" }),
  spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url: "${address}/v1/traces" }))],
});
provider.getTracer("hello").startSpan("first trace").end();
await provider.shutdown();`,
  Go: (
    address,
  ) => `// go get go.opentelemetry.io/otel/sdk go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp
ctx := context.Background()
exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL("${address}"))
if err != nil {
	log.Fatal(err)
}
provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
defer provider.Shutdown(ctx)
_, span := provider.Tracer("hello").Start(ctx, "first trace")
span.End()`,
  curl: (address) => `curl ${address}/v1/traces -H 'content-type: application/json' -d '{
  "resourceSpans": [{
    "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "hello"}}]},
    "scopeSpans": [{"spans": [{
      "traceId": "'$(openssl rand -hex 16)'", "spanId": "'$(openssl rand -hex 8)'", "name": "first trace", "kind": 1,
      "startTimeUnixNano": "'$(date +%s)'000000000", "endTimeUnixNano": "'$(date +%s)'500000000"
    }]}]
  }]
}'`,
};

/** What to do when nothing has been sent yet. */
export function FirstSteps() {
  const [language, set_language] = useState("Python");
  const address = `${location.protocol}//${location.hostname}:${OTLP_HTTP_PORT}`;
  const snippet = SNIPPETS[language](address);
  return (
    <main className="main">
      <h1>Nothing has arrived yet</h1>
      <p>
        Point any OpenTelemetry SDK at <code>{address}</code> (OTLP over HTTP), or at port 4317 for gRPC; or run{" "}
        <code>junjo-traces demo</code> for examples. With API keys, send one as <code>authorization: Bearer …</code>.
      </p>
      <div className="tabs" role="tablist" aria-label="Language">
        {Object.keys(SNIPPETS).map((name) => (
          <button
            key={name}
            type="button"
            role="tab"
            aria-selected={name === language}
            onClick={() => set_language(name)}
          >
            {name}
          </button>
        ))}
      </div>
      <div role="tabpanel" aria-label={language}>
        <pre className="code" tabIndex={0}>
          {snippet}
        </pre>
        <p>
          <CopyButton text={snippet} what="the example" />
        </p>
      </div>
    </main>
  );
}
