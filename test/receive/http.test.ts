import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { fromBinary } from "@bufbuild/protobuf";
import { request as http_request } from "node:http";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { StatusSchema } from "../../src/gen/google/rpc/status_pb.ts";
import { ExportTraceServiceResponseSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { type Ask, JSON_TYPE, post_otlp, PROTOBUF, refusal_of } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

const KIB = 1024;

let receivers: Receivers;
beforeEach(async () => {
  receivers = await start_receivers({ request_bytes_max: 64 * KIB });
});
afterEach(() => receivers[Symbol.asyncDispose]());

const post = (body: Uint8Array | string, ask?: Ask) => post_otlp(receivers.http_url, body, ask);

/** Sends a body in chunks, with no Content-Length. */
function post_chunked(
  chunks: Uint8Array[],
  headers: Record<string, string> = {},
): Promise<{ status: number; body: Buffer }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: Buffer }>();
  const request = http_request(
    `${receivers.http_url}/v1/traces`,
    { method: "POST", headers: { "content-type": PROTOBUF, ...headers } },
    (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
    },
  );
  request.on("error", reject);
  for (const chunk of chunks) request.write(chunk);
  request.end();
  return promise;
}

const good = () => request_bytes([span_init()]);
const good_json = () =>
  JSON.stringify({
    resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: "1".repeat(32), spanId: "2".repeat(16) }] }] }],
  });

describe("OTLP over HTTP", () => {
  it("answers a request with an empty response of its own type, and keeps its bytes", async () => {
    const body = good();
    const answer = await post(body);
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe(PROTOBUF);
    expect(await answer.bytes()).toHaveLength(0);
    expect(receivers.bodies()).toEqual([body]);

    const json_answer = await post(good_json(), { type: JSON_TYPE });
    expect(json_answer.headers.get("content-type")).toBe(JSON_TYPE);
    expect(await json_answer.json()).toEqual({});
    expect(receivers.bodies()).toHaveLength(2);
  });

  it("takes an empty request without a word to the queue", async () => {
    for (const [body, type] of [
      ["", PROTOBUF],
      ["{}", JSON_TYPE],
      ['{"resourceSpans":[]}', JSON_TYPE],
    ]) {
      expect((await post(body, { type })).status).toBe(200);
    }
    expect(receivers.bodies()).toEqual([]);
  });

  it("takes content types with parameters and in any case", async () => {
    expect((await post(good_json(), { type: "application/json; charset=utf-8" })).status).toBe(200);
    expect((await post(good(), { type: "Application/X-Protobuf" })).status).toBe(200);
  });

  it("takes gzip, and bodies without a Content-Length", async () => {
    const body = good();
    expect((await post(gzipSync(body), { headers: { "content-encoding": "gzip" } })).status).toBe(200);
    const chunks = [body.subarray(0, 10), body.subarray(10)];
    expect((await post_chunked(chunks)).status).toBe(200);
    const zipped = gzipSync(body);
    const zipped_chunks = [zipped.subarray(0, 20), zipped.subarray(20)];
    expect((await post_chunked(zipped_chunks, { "content-encoding": "gzip" })).status).toBe(200);
    expect(receivers.bodies()).toEqual([body, body, body]);
  });

  it("keeps the good spans of a request and says what was wrong with the others", async () => {
    const bad = { traceId: new Uint8Array(16) };
    const body = request_bytes([
      span_init(),
      span_init(bad),
      span_init({ ...bad, spanId: Buffer.from("oops") }),
      span_init(),
    ]);
    const answer = await post(body);
    expect(answer.status).toBe(200);
    const { partialSuccess } = fromBinary(ExportTraceServiceResponseSchema, await answer.bytes());
    expect(partialSuccess?.rejectedSpans).toBe(2n);
    expect(partialSuccess?.errorMessage).toMatch(/^spans not stored: 2 with a trace_id.*first has trace_id "0{32}"/);
    expect(receivers.bodies()).toHaveLength(1);
  });

  it("answers JSON with a partial success in JSON, and keeps nothing where nothing is good", async () => {
    const spans = [
      { traceId: "abc", spanId: "zz" },
      { traceId: "1".repeat(31), spanId: "2".repeat(16) },
    ];
    const answer = await post(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }), { type: JSON_TYPE });
    expect(answer.status).toBe(200);
    expect(await answer.json()).toEqual({
      partialSuccess: { rejectedSpans: "2", errorMessage: expect.stringContaining("2 with a trace_id") },
    });
    expect(receivers.bodies()).toEqual([]);
  });

  it("refuses what it can't read with 400 and a Status of the request's type", async () => {
    expect(await refusal_of(await post("garbage"))).toMatchObject({ status: 400, type: PROTOBUF, code: 3 });
    const json = await refusal_of(await post("{", { type: JSON_TYPE }));
    expect(json).toMatchObject({ status: 400, type: JSON_TYPE, code: 3 });
    const not_gzip = await post(good(), { headers: { "content-encoding": "gzip" } });
    expect(await refusal_of(not_gzip)).toMatchObject({ status: 400, code: 3 });
    const cut_off = await post(gzipSync(good()).subarray(0, 40), { headers: { "content-encoding": "gzip" } });
    expect(await refusal_of(cut_off)).toMatchObject({ status: 400, code: 3 });
    expect(receivers.bodies()).toEqual([]);
  });

  it("refuses other content types and encodings with 415", async () => {
    for (const type of ["text/plain", "application/grpc", "application/x-www-form-urlencoded"]) {
      expect(await refusal_of(await post(good(), { type }))).toMatchObject({ status: 415, type: PROTOBUF });
    }
    expect(await refusal_of(await post(good(), { type: null }))).toMatchObject({ status: 415 });
    const brotli = await post(good(), { headers: { "content-encoding": "br" } });
    expect(await refusal_of(brotli)).toMatchObject({ status: 415 });
  });

  it("refuses other methods with 405 and Allow, and other paths with 404", async () => {
    for (const method of ["GET", "PUT", "DELETE", "PATCH"]) {
      const answer = await post("", { method });
      expect(answer.headers.get("allow")).toBe("POST");
      expect(await refusal_of(answer)).toMatchObject({ status: 405 });
    }
    expect(await refusal_of(await post(good(), { path: "/v1/trace" }))).toMatchObject({ status: 404, code: 5 });
    expect(await refusal_of(await post("{}", { path: "/", type: JSON_TYPE }))).toMatchObject({
      status: 404,
      type: JSON_TYPE,
    });
  });

  it("refuses with 413 what is too large, announced or not, compressed or not", async () => {
    const large = Buffer.alloc(64 * KIB + 1);
    const too_large = { status: 413, type: PROTOBUF, code: 8 };
    expect(await refusal_of(await post(large))).toMatchObject(too_large);
    const chunked = await post_chunked([large.subarray(0, 1000), large.subarray(1000)]);
    expect({ status: chunked.status, code: fromBinary(StatusSchema, chunked.body).code }).toEqual({
      status: 413,
      code: 8,
    });
    const bomb = gzipSync(Buffer.alloc(50_000 * KIB));
    expect(bomb.length).toBeLessThan(64 * KIB);
    expect(await refusal_of(await post(bomb, { headers: { "content-encoding": "gzip" } }))).toMatchObject(too_large);
    expect(await refusal_of(await post(Buffer.alloc(30_000 * KIB)))).toMatchObject(too_large);
    expect((await post(good())).status).toBe(200);
  });

  it("takes a request of exactly the largest size", async () => {
    const empty = request_bytes([span_init({ name: "" })]).length;
    const name_for = (bytes: number) => "x".repeat(bytes - empty - 20);
    let body = request_bytes([span_init({ name: name_for(64 * KIB) })]);
    body = request_bytes([span_init({ name: name_for(64 * KIB) + "x".repeat(64 * KIB - body.length) })]);
    expect(body).toHaveLength(64 * KIB);
    expect((await post(body)).status).toBe(200);
    expect((await post(gzipSync(body), { headers: { "content-encoding": "gzip" } })).status).toBe(200);
    expect(receivers.bodies()).toHaveLength(2);
  });

  it("answers that it stores no metrics and no logs, and how many there were", async () => {
    const point = { asInt: "1" };
    const metrics = {
      resourceMetrics: [
        { scopeMetrics: [{ metrics: [{ gauge: { dataPoints: [point, point] } }, { sum: { dataPoints: [point] } }] }] },
      ],
    };
    const json = await post(JSON.stringify(metrics), { path: "/v1/metrics", type: JSON_TYPE });
    expect(await json.json()).toEqual({
      partialSuccess: { rejectedDataPoints: "3", errorMessage: "metrics are not stored here, only traces" },
    });
    const logs = { resourceLogs: [{ scopeLogs: [{ logRecords: [{}, {}] }, { logRecords: [{}] }] }] };
    const logs_json = await post(JSON.stringify(logs), { path: "/v1/logs", type: JSON_TYPE });
    expect(await logs_json.json()).toEqual({
      partialSuccess: { rejectedLogRecords: "3", errorMessage: "logs are not stored here, only traces" },
    });
    const wire = Uint8Array.from([0x0a, 8, 0x12, 6, 0x12, 0, 0x12, 2, 0x08, 1]);
    const logs_wire = await post(wire, { path: "/v1/logs" });
    expect(fromBinary(ExportTraceServiceResponseSchema, await logs_wire.bytes()).partialSuccess?.rejectedSpans).toBe(
      2n,
    );
    expect(await (await post("", { path: "/v1/metrics" })).bytes()).toHaveLength(0);
    expect(await refusal_of(await post("\n", { path: "/v1/metrics" }))).toMatchObject({ status: 400 });
    expect(receivers.bodies()).toEqual([]);
  });

  it("answers a client that hangs up in the middle of its body by going on", async () => {
    const { port } = new URL(receivers.http_url);
    const socket = connect(Number(port), "127.0.0.1");
    socket.write(`POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: ${PROTOBUF}\r\ncontent-length: 1000\r\n\r\nabc`);
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.destroy();
    expect((await post(good())).status).toBe(200);
    await poll_until(async () => (await receivers.render_metrics()).includes('outcome="malformed"} 1'), {
      what: "the end",
    });
    expect(receivers.bodies()).toHaveLength(1);
  });

  it("counts what it did", async () => {
    await post(good());
    await post(request_bytes([span_init(), span_init({ traceId: Buffer.of(1) })]));
    await post("garbage");
    const metrics = await receivers.render_metrics();
    for (const line of [
      'receive_requests_total{protocol="http_protobuf",outcome="ok"} 1',
      'receive_requests_total{protocol="http_protobuf",outcome="partial_success"} 1',
      'receive_requests_total{protocol="http_protobuf",outcome="malformed"} 1',
      "receive_accepted_spans_total 2",
      "receive_rejected_spans_total 1",
      'receive_ack_seconds_count{protocol="http_protobuf"} 2',
    ]) {
      expect(metrics).toContain(`junjo_traces_${line}`);
    }
  });
});
