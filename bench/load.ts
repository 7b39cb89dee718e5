// Sends unique OTLP requests over several connections, as a process of its own, and prints one line of JSON.
import { parseArgs } from "node:util";
import { grpc_client, http_client, type Send } from "./clients.ts";
import { Requests } from "./requests.ts";

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

const RETRY_PAUSE_MS = 100;
const RETRIES_MAX = 600;

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
    /** The number of the first request: others were sent before. */
    first: { type: "string", default: "0" },
    repeating: { type: "boolean", default: false },
    /** When spans start; each request is a step later than the one before. */
    "epoch-unix-nano": { type: "string", default: String(BigInt(Date.now() - 1_000) * 1_000_000n) },
    "step-nano": { type: "string", default: "1000000" },
  },
});
const spans_per_request = Number(values["spans-per-request"]);
const request_count = Math.ceil(Number(values.spans) / spans_per_request);
const rate = Number(values.rate);

const first = Number(values.first);
const requests = new Requests({
  spans_per_request,
  is_repeating: values.repeating,
  epoch_unix_nano: BigInt(values["epoch-unix-nano"]),
  step_nano: BigInt(values["step-nano"]),
});

let next_request = 0;
let acked_spans = 0;
let acked_bytes = 0;
const latencies_ms: number[] = [];
const began_unix_ms = Date.now();
const began_ms = performance.now();

async function send_until_taken(send: Send, body: Uint8Array): Promise<void> {
  for (let attempt = 0; !(await send(body)); attempt++) {
    if (attempt === RETRIES_MAX) throw new Error(`not taken after ${RETRIES_MAX} attempts`);
    await Bun.sleep(RETRY_PAUSE_MS);
  }
  acked_spans += spans_per_request;
  acked_bytes += body.length;
}

async function connection(): Promise<void> {
  const send = values.grpc === undefined ? http_client(values.url) : grpc_client(values.grpc);
  while (next_request < request_count) {
    const number = next_request++;
    const due_ms = rate > 0 ? began_ms + (number * spans_per_request * 1000) / rate : performance.now();
    if (due_ms > performance.now()) await Bun.sleep(due_ms - performance.now());
    await send_until_taken(send, requests.body(first + number));
    latencies_ms.push(performance.now() - due_ms);
  }
}

await Promise.all(Array.from({ length: Number(values.connections) }, connection));
const seconds = (performance.now() - began_ms) / 1000;
latencies_ms.sort((a, b) => a - b);
const quantile = (share: number) =>
  latencies_ms[Math.min(latencies_ms.length - 1, Math.floor(latencies_ms.length * share))];
const result: LoadResult = {
  began_unix_ms,
  acked_spans,
  seconds,
  p50_ms: quantile(0.5),
  p99_ms: quantile(0.99),
  bytes_per_span: acked_bytes / acked_spans,
};
console.log(JSON.stringify(result));
process.exit();
