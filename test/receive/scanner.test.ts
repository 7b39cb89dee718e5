import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { collecting_logger, type LogLine } from "../support/collecting-logger.ts";
import { Flood } from "../support/flood.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { post_otlp } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { EXPORT_TRACES, framed, RawGrpc } from "../support/raw-grpc.ts";
import {
  EXPORT_FIELDS,
  FLAG,
  FRAME,
  frame,
  frame_types,
  header_block,
  header_frames,
  HTTP2_PREFACE,
} from "../support/raw-http2.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

// What port scanners, broken clients and clients of something else send. None of it is taken, none of it is an error of
// ours, and whoever comes after it is served.

const TLS_HELLO = Buffer.from("16030100c8010000c40303" + "5a".repeat(200), "hex");
const GARBAGE = Buffer.from(Array.from({ length: 3000 }, (_, index) => (index * 7919) % 256));

let receivers: Receivers;
let lines: LogLine[];
let http: Flood;
let grpc: Flood;

beforeEach(async () => {
  const collected = collecting_logger();
  lines = collected.lines;
  receivers = await start_receivers({ logger: collected.logger });
  http = new Flood(Number(new URL(receivers.http_url).port));
  grpc = new Flood(Number(receivers.grpc_address.split(":")[1]));
});

afterEach(async () => {
  http.close();
  grpc.close();
  try {
    // After each of them: nothing queued, nothing held, nothing logged, and the next is served over both protocols.
    expect(receivers.bodies()).toEqual([]);
    expect(lines).toEqual([]);
    const requests = () => receivers.gauge("receive_in_flight_requests");
    await poll_until(async () => (await requests()) === 0, { what: "no request in flight" });
    expect(await receivers.gauge("receive_in_flight_bytes")).toBe(0);
    expect((await post_otlp(receivers.http_url, good())).status).toBe(200);
    using client = new RawGrpc(receivers.grpc_address);
    expect(await client.send(framed(good()))).toMatchObject({ code: 0 });
    expect(await receivers.render_metrics()).not.toContain('outcome="internal"');
  } finally {
    await receivers[Symbol.asyncDispose]();
  }
});

const good = () => request_bytes([span_init()]);

const post = (headers: string, body: string | Uint8Array = "") =>
  Buffer.concat([
    Buffer.from(`POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\n${headers}\r\n`),
    Buffer.from(body),
  ]);
const with_length = (body: Uint8Array, headers = "") => post(`Content-Length: ${body.length}\r\n${headers}`, body);

/** What the HTTP port says, until it has said something or closed the connection. */
async function http_answer(sent: string | Uint8Array): Promise<string> {
  const [client] = http.open(1, sent);
  await poll_until(() => client?.received !== "" || !client.is_open, { what: "an answer or a closed connection" });
  return client?.received.split("\r\n")[0] ?? "";
}

describe("the HTTP port", () => {
  it.each<[string, string | Uint8Array]>([
    ["garbage", GARBAGE],
    ["zeros", Buffer.alloc(1000)],
    ["lines without a meaning", "\r\n\r\n\r\nhello\r\n\r\n"],
    ["a TLS hello", TLS_HELLO],
    ["HTTP/0.9", "GET /\r\n\r\n"],
    ["HTTP/3.7", "GET / HTTP/3.7\r\nHost: x\r\n\r\n"],
    ["the preface of HTTP/2", HTTP2_PREFACE],
    ["no host", "POST /v1/traces HTTP/1.1\r\n\r\n"],
    ["a header without a name", "POST /v1/traces HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n"],
    ["a header with a control character", post("X-A: a\0b\r\n")],
    ["a negative length", post("Content-Length: -5\r\n", good())],
    ["a length that is no number", post("Content-Length: 0x10\r\n", good())],
    ["a huge length", post("Content-Length: 99999999999999999999\r\n", good())],
    ["a length over the limit", post("Content-Length: 999999999\r\n", good())],
    ["two lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n", "hello!")],
    ["a length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")],
    ["another transfer encoding", post("Transfer-Encoding: gzip\r\n", "hello")],
    ["a chunk whose size is no number", post("Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n")],
    ["a chunk of 16 EiB", post("Transfer-Encoding: chunked\r\n", "FFFFFFFFFFFFFFFF\r\nhello")],
    ["a chunk that does not end where it says", post("Transfer-Encoding: chunked\r\n", "2\r\nhello\r\n0\r\n\r\n")],
    ["another path", "POST /v1/trace HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"],
    ["a path that leads out", "GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a path that can't be decoded", "GET /%ff%zz HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["an address as path", "GET http://other.example/ HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["another method", "DELETE /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["a method of its own", "SCAN /v1/traces HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["CONNECT", "CONNECT other.example:443 HTTP/1.1\r\nHost: x\r\n\r\n"],
    ["no content type", "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"],
    [
      "another content type",
      "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ["a body that is no message", with_length(GARBAGE)],
    ["gzip that is none", with_length(good(), "Content-Encoding: gzip\r\n")],
    ["gzip cut short", with_length(gzipSync(good()).subarray(0, -9), "Content-Encoding: gzip\r\n")],
    ["an empty body as gzip", with_length(Buffer.alloc(0), "Content-Encoding: gzip\r\n")],
    ["an unknown encoding", with_length(good(), "Content-Encoding: br\r\n")],
  ])("refuses %s", async (_what, sent) => {
    expect(await http_answer(sent)).toMatch(/^(HTTP\/1\.1 (400|404|405|413|415|431|501|505) .*)?$/);
  });

  it("answers an upgrade that nobody asked of it, and an empty body, as the request that it is", async () => {
    expect(await http_answer(post("Upgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 0\r\n"))).toMatch(/ 200 /);
    expect(await http_answer(with_length(Buffer.alloc(0)))).toMatch(/ 200 /);
  });

  it("takes nothing of a body that is reset in the middle", async () => {
    for (const length of [
      "Content-Length: 100000\r\n",
      "Content-Length: 3000000\r\n",
      "Transfer-Encoding: chunked\r\n",
    ]) {
      http.open(1, post(length, `${good().length.toString(16)}\r\n`));
      const is_in_flight = async () => (await receivers.gauge("receive_in_flight_requests")) > 0;
      await poll_until(is_in_flight, { what: "the request in flight" });
      http.close();
      await poll_until(async () => !(await is_in_flight()), { what: "the request gone" });
    }
  });
});

describe("the gRPC port", () => {
  const call = (fields: readonly (readonly [string, string])[], ...data: Buffer[]) =>
    Buffer.concat([HTTP2_PREFACE, header_frames(1, header_block(fields)), ...data]);
  const data = (payload: Uint8Array, flags = FLAG.END_STREAM) => frame(FRAME.DATA, flags, 1, payload);

  it.each<[string, string | Uint8Array]>([
    ["garbage", GARBAGE],
    ["zeros", Buffer.alloc(1000)],
    ["a TLS hello", TLS_HELLO],
    ["HTTP/1", "POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"],
    ["HTTP/1 with a preface before it", "PRI * HTTP/2.0\r\n\r\nGET / HTTP/1.1\r\n\r\n"],
    ["garbage behind the preface", Buffer.concat([HTTP2_PREFACE, GARBAGE])],
    ["data of no call", Buffer.concat([HTTP2_PREFACE, frame(FRAME.DATA, 0, 0, framed(good()))])],
    ["data of a call that is not there", Buffer.concat([HTTP2_PREFACE, frame(FRAME.DATA, 0, 7, framed(good()))])],
    ["a call of the server's numbers", Buffer.concat([HTTP2_PREFACE, header_frames(2, header_block(EXPORT_FIELDS))])],
    ["a frame that is too large", Buffer.concat([HTTP2_PREFACE, frame(FRAME.DATA, 0, 1, Buffer.alloc(20_000))])],
    ["headers that are no HPACK", Buffer.concat([HTTP2_PREFACE, frame(FRAME.HEADERS, 5, 1, Buffer.alloc(50, 0xff))])],
    ["a continuation of nothing", Buffer.concat([HTTP2_PREFACE, frame(FRAME.CONTINUATION, 4, 1, Buffer.alloc(1))])],
  ])("closes the connection, or the call, on %s", async (_what, sent) => {
    const [client] = grpc.open(1, sent);
    const frames = () => frame_types(Buffer.from(client?.received ?? "", "latin1"));
    const is_over = () => !client?.is_open || [FRAME.GOAWAY, FRAME.RST_STREAM].some((type) => frames().includes(type));
    await poll_until(is_over, { what: "the end of it" });
  });

  it.each<[string, Uint8Array]>([
    [
      "another path",
      call(
        EXPORT_FIELDS.map(([name, value]) => [name, name === ":path" ? "/a.B/C" : value]),
        data(framed(good())),
      ),
    ],
    [
      "another content type",
      call([...EXPORT_FIELDS.slice(0, 4), ["content-type", "application/json"]], data(framed(good()))),
    ],
    ["no content type", call(EXPORT_FIELDS.slice(0, 4), data(framed(good())))],
    ["no message", call(EXPORT_FIELDS, data(Buffer.alloc(0)))],
    ["half a prefix", call(EXPORT_FIELDS, data(Buffer.alloc(3)))],
    ["a message without a prefix", call(EXPORT_FIELDS, data(good()))],
    ["a message shorter than it says", call(EXPORT_FIELDS, data(framed(good(), { length: 5000 })))],
    ["a message longer than it says", call(EXPORT_FIELDS, data(framed(good(), { length: 20 })))],
    ["a message of 4 GiB", call(EXPORT_FIELDS, data(framed(good(), { length: 0xffffffff }), FLAG.NONE))],
    ["a message that is none", call(EXPORT_FIELDS, data(framed(GARBAGE)))],
    ["two messages", call(EXPORT_FIELDS, data(framed(good()), FLAG.NONE), data(framed(good())))],
    ["gzip that is none", call([...EXPORT_FIELDS, ["grpc-encoding", "gzip"]], data(framed(good(), { flag: 1 })))],
    [
      "an absurd deadline",
      call([...EXPORT_FIELDS, ["grpc-timeout", "soon"]], data(framed(good(), { length: 5000 }), FLAG.NONE)),
    ],
    ["a bad binary header", call([...EXPORT_FIELDS, ["x-bin", "%%%"]], data(framed(GARBAGE)))],
  ])("answers %s with an error", async (_what, sent) => {
    const [client] = grpc.open(1, sent);
    const received = () => Buffer.from(client?.received ?? "", "latin1");
    await poll_until(() => frame_types(received()).includes(FRAME.HEADERS) || !client?.is_open, {
      what: "an answer or a closed connection",
    });
  });

  it("takes nothing of a message that is reset in the middle", async () => {
    using client = new RawGrpc(receivers.grpc_address);
    const broken = client.call({ ":path": EXPORT_TRACES });
    void broken.write(framed(good(), { length: 5000 }));
    await poll_until(async () => (await receivers.gauge("receive_in_flight_bytes")) > 0, { what: "the bytes" });
    broken.reset();
  });
});

it("a body of two gzip members is what both hold", async () => {
  const body = request_bytes([span_init({ name: "" }), span_init()]);
  const members = Buffer.concat([gzipSync(body.subarray(0, 30)), gzipSync(body.subarray(30))]);
  expect(await http_answer(with_length(members, "Content-Encoding: gzip\r\n"))).toMatch(/ 200 /);
  expect(receivers.bodies()).toEqual([body]);
  receivers.wal.trim(new Uint8Array(16).fill(0xff));
  await poll_until(() => receivers.bodies().length === 0, { what: "an empty queue" });
});
