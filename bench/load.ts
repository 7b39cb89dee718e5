// Sends unique OTLP requests over several connections, as a process of its own, and prints one line of JSON.
import { parseArgs } from "node:util";
import { grpc_client, http_client, type Send } from "./clients.ts";
import { Corpus } from "./corpus.ts";
import { Random } from "./random.ts";
import { type Template, template_of, unique_copy } from "./unique-request.ts";

export type LoadResult = {
  /** When the first request was sent. */
  began_unix_ms: number;
  acked_spans: number;
  seconds: number;
  /** From sending a request to its answer; at a fixed rate from when it was due, so that no delay hides the next ones. */
  p50_ms: number;
  p99_ms: number;
  bytes_per_span: number;
};

const TEMPLATE_COUNT = 60;
const RETRY_PAUSE_MS = 100;
const RETRIES_MAX = 50;

const { values } = parseArgs({
  options: {
    url: { type: "string", default: "http://127.0.0.1:4318/v1/traces" },
    /** Over gRPC, to this address, instead. */
    grpc: { type: "string" },
    spans: { type: "string", default: "500000" },
    connections: { type: "string", default: "4" },
    "spans-per-request": { type: "string", default: "512" },
    /** Spans a second to offer; 0: as fast as they are taken. */
    rate: { type: "string", default: "0" },
  },
});
const spans_per_request = Number(values["spans-per-request"]);
const request_count = Math.ceil(Number(values.spans) / spans_per_request);
const rate = Number(values.rate);

const now_unix_nano = BigInt(Date.now()) * 1_000_000n;
const corpus = new Corpus(new Random());
const templates = Array.from({ length: TEMPLATE_COUNT }, () =>
  template_of(corpus.request(spans_per_request, now_unix_nano - 1_000_000_000n)),
);

let next_request = 0;
let acked_spans = 0;
const latencies_ms: number[] = [];
const began_unix_ms = Date.now();
const began_ms = performance.now();

async function send_until_taken(send: Send, template: Template, number: number): Promise<void> {
  const shift_nano = BigInt(Date.now()) * 1_000_000n - now_unix_nano;
  const body = unique_copy(template, number, shift_nano);
  for (let attempt = 0; !(await send(body)); attempt++) {
    if (attempt === RETRIES_MAX) throw new Error(`not taken after ${RETRIES_MAX} attempts`);
    await Bun.sleep(RETRY_PAUSE_MS);
  }
  acked_spans += template.span_count;
}

async function connection(): Promise<void> {
  const send = values.grpc === undefined ? http_client(values.url) : grpc_client(values.grpc);
  while (next_request < request_count) {
    const number = next_request++;
    const due_ms = rate > 0 ? began_ms + (number * spans_per_request * 1000) / rate : performance.now();
    if (due_ms > performance.now()) await Bun.sleep(due_ms - performance.now());
    await send_until_taken(send, templates[number % templates.length], number + 1);
    latencies_ms.push(performance.now() - due_ms);
  }
}

await Promise.all(Array.from({ length: Number(values.connections) }, connection));
const seconds = (performance.now() - began_ms) / 1000;
latencies_ms.sort((a, b) => a - b);
const quantile = (share: number) =>
  latencies_ms[Math.min(latencies_ms.length - 1, Math.floor(latencies_ms.length * share))];
const wire_bytes = templates.reduce((sum, { bytes }) => sum + bytes.length, 0);
const wire_spans = templates.reduce((sum, { span_count }) => sum + span_count, 0);
const result: LoadResult = {
  began_unix_ms,
  acked_spans,
  seconds,
  p50_ms: quantile(0.5),
  p99_ms: quantile(0.99),
  bytes_per_span: wire_bytes / wire_spans,
};
console.log(JSON.stringify(result));
process.exit();
