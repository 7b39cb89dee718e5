import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { Client, compressionAlgorithms, credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { RetryInfoSchema } from "../../src/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";
import { ExportTraceServiceResponseSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { as_bytes } from "../../src/grpc/index.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

const TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";
const LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export";
const GZIP = { "grpc.default_compression_algorithm": compressionAlgorithms.gzip };
const KIB = 1024;

let receivers: Receivers;
let client: Client;

async function start(options: Parameters<typeof start_receivers>[0] = {}): Promise<void> {
  receivers = await start_receivers({ request_bytes_max: 64 * KIB, ...options });
  client = connect();
}

async function stop(): Promise<void> {
  client.close();
  await receivers[Symbol.asyncDispose]();
}

beforeEach(() => start());
afterEach(stop);

const connect = (options = {}): Client => new Client(receivers.grpc_address, credentials.createInsecure(), options);

function send(
  body: Uint8Array,
  { path = TRACES, by = client, headers = {} }: { path?: string; by?: Client; headers?: Record<string, string> } = {},
): Promise<Buffer> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  by.makeUnaryRequest(
    path,
    as_bytes,
    (bytes) => bytes,
    body,
    metadata,
    (error, response) => {
      if (error) reject(error);
      else resolve(response ?? Buffer.alloc(0));
    },
  );
  return promise;
}

const error_of = (answer: Promise<unknown>): Promise<ServiceError> =>
  answer.then(
    () => {
      throw new Error("it was taken");
    },
    (error: ServiceError) => error,
  );

const partial_success_of = (response: Uint8Array) =>
  fromBinary(ExportTraceServiceResponseSchema, response).partialSuccess;

const good = () => request_bytes([span_init()]);

describe("OTLP over gRPC", () => {
  it("answers a request with an empty response and keeps its bytes", async () => {
    const body = good();
    expect(await send(body)).toHaveLength(0);
    expect(receivers.bodies()).toEqual([body]);
  });

  it("takes an empty request without a word to the queue", async () => {
    expect(await send(Buffer.alloc(0))).toHaveLength(0);
    expect(receivers.bodies()).toEqual([]);
  });

  it("takes gzip", async () => {
    const zipping = connect(GZIP);
    const body = request_bytes(Array.from({ length: 100 }, () => span_init()));
    await send(body, { by: zipping });
    zipping.close();
    expect(receivers.bodies()).toEqual([body]);
  });

  it("keeps the good spans of a request and says what was wrong with the others", async () => {
    const body = request_bytes([span_init(), span_init({ spanId: Buffer.of(7) })]);
    expect(partial_success_of(await send(body))).toMatchObject({
      rejectedSpans: 1n,
      errorMessage: expect.stringContaining(
        '1 with a span_id that is not 8 bytes or all zeros; the first has trace_id "',
      ),
    });
    expect(receivers.bodies()).toHaveLength(1);
  });

  it("refuses what it can't read", async () => {
    expect(await error_of(send(Buffer.from("garbage")))).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(receivers.bodies()).toEqual([]);
  });

  it("refuses what is too large, decompressed, without asking for a retry, and goes on", async () => {
    const zipping = connect(GZIP);
    for (const by of [client, zipping]) {
      const error = await error_of(send(Buffer.alloc(64 * KIB + 1), { by }));
      expect(error.code).toBe(status.RESOURCE_EXHAUSTED);
      expect(error.metadata.get("grpc-status-details-bin")).toEqual([]);
    }
    const bomb = await error_of(send(Buffer.alloc(20_000 * KIB), { by: zipping }));
    expect(bomb.code).toBe(status.RESOURCE_EXHAUSTED);
    zipping.close();
    expect(await send(good())).toHaveLength(0);
  });

  it("answers that it stores no metrics and no logs, and how many there were", async () => {
    // One resource, one scope, one gauge with two points; one resource, one scope, three records.
    const metrics = Uint8Array.from([0x0a, 10, 0x12, 8, 0x12, 6, 0x2a, 4, 0x0a, 0, 0x0a, 0]);
    expect(partial_success_of(await send(metrics, { path: METRICS }))).toMatchObject({
      rejectedSpans: 2n,
      errorMessage: "metrics are not stored here, only traces",
    });
    const logs = Uint8Array.from([0x0a, 8, 0x12, 6, 0x12, 0, 0x12, 0, 0x12, 0]);
    expect(partial_success_of(await send(logs, { path: LOGS }))).toMatchObject({ rejectedSpans: 3n });
    expect(await send(Buffer.alloc(0), { path: METRICS })).toHaveLength(0);
    expect(receivers.bodies()).toEqual([]);
  });

  it("knows no other methods", async () => {
    const path = "/opentelemetry.proto.collector.trace.v1.TraceService/Import";
    expect(await error_of(send(good(), { path }))).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  it("says when to try again while the queue is full", async () => {
    await stop();
    await start({ wal_bytes_max: 10 });
    const error = await error_of(send(good()));
    expect(error.code).toBe(status.UNAVAILABLE);
    const [details] = error.metadata.get("grpc-status-details-bin");
    const [retry_info] = fromBinary(StatusSchema, Buffer.from(details)).details;
    expect(anyUnpack(retry_info, RetryInfoSchema)?.retryDelay?.seconds).toBeGreaterThan(0n);
  });

  it("takes any known key by any of the headers, and refuses everything else", async () => {
    await stop();
    await start({ api_keys: ["one", "reader:read"] });
    const known: Record<string, string>[] = [
      { "x-junjo-api-key": "one" },
      { "x-api-key": "one" },
      { authorization: "Bearer one" },
    ];
    for (const headers of known) await send(good(), { headers });
    for (const headers of [{}, { "x-api-key": "two" }] as Record<string, string>[]) {
      expect(await error_of(send(good(), { headers }))).toMatchObject({ code: status.UNAUTHENTICATED });
    }
    const of_a_reader = send(good(), { headers: { "x-api-key": "reader" } });
    expect(await error_of(of_a_reader)).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(receivers.bodies()).toHaveLength(3);
  });

  it("lets clients ping it", async () => {
    const pinging = connect({ "grpc.keepalive_time_ms": 10, "grpc.keepalive_permit_without_calls": 1 });
    const until_ms = performance.now() + 150;
    await send(good(), { by: pinging });
    await poll_until(() => performance.now() > until_ms, { what: "some pings" });
    await send(good(), { by: pinging });
    pinging.close();
    expect(receivers.bodies()).toHaveLength(2);
  });

  it("takes many requests at once and shares commits among them", async () => {
    const bodies = Array.from({ length: 200 }, good);
    await Promise.all(bodies.map((body) => send(body)));
    expect(receivers.bodies()).toHaveLength(200);
    const metrics = await receivers.render_metrics();
    const commits = Number(/wal_commit_requests_count (\d+)/.exec(metrics)?.[1]);
    expect(commits).toBeLessThan(200);
    expect(metrics).toContain('receive_requests_total{protocol="grpc",outcome="ok"} 200');
  });
});
