import { fromBinary } from "@bufbuild/protobuf";
import { ExportTraceServiceResponseSchema } from "../gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";

/**
 * What became of a request: taken, but for some spans; refused for what it is, for good; or not taken now, and to be sent again,
 * after a time if the other side named one.
 */
export type Sent =
  | { outcome: "taken"; rejected_spans: number; message: string }
  | { outcome: "refused"; message: string }
  | { outcome: "later"; after_ms: number | null; message: string };

const SEND_MS_MAX = 30_000;
/** https://opentelemetry.io/docs/specs/otlp/#retryable-response-codes; and what proxies say in the same case. */
const RETRYABLE = new Set([408, 429, 502, 503, 504]);
/** Of an error's text, so much goes into the log. */
const MESSAGE_CHARACTERS_MAX = 300;

/** Sends an ExportTraceServiceRequest. Never rejects. */
export async function send(
  url: string,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array<ArrayBuffer>,
  signal: AbortSignal,
): Promise<Sent> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { ...headers, "content-type": "application/x-protobuf", "content-encoding": "gzip" },
      body: Bun.gzipSync(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(SEND_MS_MAX)]),
    });
    const answer = await response.bytes();
    if (response.ok) return taken(answer);
    const message = `HTTP ${response.status} ${Buffer.from(answer).toString().slice(0, MESSAGE_CHARACTERS_MAX)}`;
    if (!RETRYABLE.has(response.status) && response.status < 500) return { outcome: "refused", message };
    return { outcome: "later", after_ms: retry_after_ms(response), message };
  } catch (error) {
    return { outcome: "later", after_ms: null, message: error instanceof Error ? error.message : String(error) };
  }
}

function taken(answer: Uint8Array): Sent {
  try {
    const { partialSuccess } = fromBinary(ExportTraceServiceResponseSchema, answer);
    const rejected_spans = Number(partialSuccess?.rejectedSpans ?? 0n);
    return { outcome: "taken", rejected_spans, message: partialSuccess?.errorMessage ?? "" };
  } catch {
    // Some answer with text: it was taken all the same.
    return { outcome: "taken", rejected_spans: 0, message: "" };
  }
}

function retry_after_ms({ headers }: Response): number | null {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : null;
}
