import { afterEach, describe, expect, it } from "bun:test";
import { type Idler, Flood } from "../support/flood.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { post_otlp } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { framed, RawGrpc } from "../support/raw-grpc.ts";
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

const KIB = 1024;
const HALF_A_HEAD_MS_MAX = 15_000;

let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

async function start(options?: Parameters<typeof start_receivers>[0]) {
  const receivers = resources.use(await start_receivers(options));
  return {
    receivers,
    http: resources.use(new Flood(Number(new URL(receivers.http_url).port))),
    grpc: resources.use(new Flood(Number(receivers.grpc_address.split(":")[1]))),
  };
}

async function still_takes_requests(receivers: Receivers): Promise<void> {
  expect((await post_otlp(receivers.http_url, request_bytes([span_init()]))).status).toBe(200);
  using client = new RawGrpc(receivers.grpc_address);
  expect(await client.send(framed(request_bytes([span_init()])))).toMatchObject({ code: 0 });
}

const closed = (idler: Idler | undefined, deadline_ms?: number) =>
  poll_until(() => idler?.is_open === false, { what: "the connection closed", ...(deadline_ms && { deadline_ms }) });

describe("the head of an HTTP request", () => {
  const get = (headers: string) => `GET /v1/traces HTTP/1.1\r\nHost: x\r\n${headers}\r\n`;

  it.each([
    ["one large header", get(`X-A: ${"a".repeat(20 * KIB)}\r\n`)],
    ["many headers", get(Array.from({ length: 300 }, (_, index) => `X-${index}: a\r\n`).join(""))],
    ["a long path", `GET /${"a".repeat(20 * KIB)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ["no end", `GET /v1/traces HTTP/1.1\r\nX-A: ${"a".repeat(2_000 * KIB)}`],
  ])("is refused with %s, and the connection closed", async (_what, head) => {
    const { http, receivers } = await start();
    const [client] = http.open(1, head);
    await closed(client);
    expect(client?.received).toMatch(/^(HTTP\/1\.1 4(14|31) .*)?/);
    await still_takes_requests(receivers);
  });

  it("must come whole: who waits in the middle of it, or before it, is left", async () => {
    const { http, receivers } = await start();
    const half = http.open(1, "POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-");
    const none = http.open(1, "");
    // Bun's own 12 s, which nothing changes.
    await closed(half[0], HALF_A_HEAD_MS_MAX);
    await closed(none[0], HALF_A_HEAD_MS_MAX);
    await still_takes_requests(receivers);
  }, 20_000);
});

describe("the headers of a gRPC call", () => {
  it("are refused when they are large, and the connection closed", async () => {
    const { grpc, receivers } = await start();
    const block = header_block([...EXPORT_FIELDS, ["x-a", "a".repeat(100 * KIB)]]);
    const [client] = grpc.open(1, Buffer.concat([HTTP2_PREFACE, header_frames(1, block)]));
    await closed(client);
    expect(frame_types(Buffer.from(client?.received ?? "", "latin1"))).toContain(FRAME.GOAWAY);
    await still_takes_requests(receivers);
  });

  it("are refused when they have no end, and the connection closed", async () => {
    const { grpc, receivers } = await start();
    const more = frame(FRAME.CONTINUATION, FLAG.NONE, 1, header_block([["x-a", "a".repeat(15 * KIB)]]));
    const begin = frame(FRAME.HEADERS, FLAG.NONE, 1, header_block(EXPORT_FIELDS));
    const [client] = grpc.open(1, Buffer.concat([HTTP2_PREFACE, begin, ...Array.from({ length: 200 }, () => more)]));
    await closed(client);
    await still_takes_requests(receivers);
  });

  it("are refused when they are many, and the call reset", async () => {
    const { grpc, receivers } = await start();
    const fields = Array.from({ length: 300 }, (_, index) => [`x-${index}`, "a"] as const);
    const block = header_block([...EXPORT_FIELDS, ...fields]);
    const [client] = grpc.open(1, Buffer.concat([HTTP2_PREFACE, header_frames(1, block)]));
    const frames = () => frame_types(Buffer.from(client?.received ?? "", "latin1"));
    await poll_until(() => frames().includes(FRAME.RST_STREAM), { what: "a reset" });
    await still_takes_requests(receivers);
  });

  it("must come whole: who waits in the middle of them, or before them, is left", async () => {
    const { grpc, receivers } = await start({ keepalive: { time_ms: 50, timeout_ms: 50 } });
    const begin = frame(FRAME.HEADERS, FLAG.NONE, 1, header_block(EXPORT_FIELDS));
    for (const first of ["", "PRI * HT", HTTP2_PREFACE, Buffer.concat([HTTP2_PREFACE, begin]), begin.subarray(0, 5)]) {
      const [client] = grpc.open(1, first);
      await closed(client);
    }
    await still_takes_requests(receivers);
  });
});
