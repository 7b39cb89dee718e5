import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { request_bytes, span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { framed, RawGrpc, type RawCall } from "../support/raw-grpc.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

const MIB = 1024 * 1024;
const ROOM_BYTES = 2 * MIB;

let receivers: Receivers;
let client: RawGrpc;

async function start(options: Parameters<typeof start_receivers>[0] = {}): Promise<void> {
  receivers = await start_receivers({ in_flight_bytes_max: ROOM_BYTES, ...options });
  client = new RawGrpc(receivers.grpc_address);
}

async function stop(): Promise<void> {
  client[Symbol.dispose]();
  await receivers[Symbol.asyncDispose]();
}

beforeEach(() => start());
afterEach(stop);

const good = () => framed(request_bytes([span_init()]));
const held_bytes = () => receivers.gauge("receive_in_flight_bytes");
const outcomes = async (outcome: string) => {
  const text = await receivers.render_metrics();
  return Number(new RegExp(`receive_requests_total{protocol="grpc",outcome="${outcome}"} (\\d+)`).exec(text)?.[1] ?? 0);
};

/** A call of which some bytes have come, and no more will. */
async function stall(by: RawGrpc, byte_count: number): Promise<RawCall> {
  const before = await held_bytes();
  const call = by.call();
  void call.write(framed(Buffer.alloc(byte_count), { length: 60 * MIB }));
  await poll_until(async () => (await held_bytes()) >= before + byte_count, { what: "the bytes counted" });
  return call;
}

describe("a gRPC message that is coming", () => {
  it("counts as in flight by what has come of it, and is let go with its call", async () => {
    const call = await stall(client, MIB);
    expect(await held_bytes()).toBeLessThan(1.1 * MIB);
    expect(await receivers.gauge("receive_in_flight_requests")).toBe(1);
    expect(await client.send(good())).toMatchObject({ code: status.OK });
    call.reset();
    await poll_until(async () => (await held_bytes()) === 0, { what: "the bytes given back" });
    expect(await receivers.gauge("receive_in_flight_requests")).toBe(0);
  });

  it("is answered at once when there is no room for more of it, and what it held is given back", async () => {
    await stall(client, 1.5 * MIB);
    using other = new RawGrpc(receivers.grpc_address);
    const call = other.call();
    void call.write(framed(Buffer.alloc(MIB), { length: 60 * MIB }));
    expect(await call.answer).toMatchObject({ code: status.UNAVAILABLE, is_retryable: true });
    expect(await held_bytes()).toBeLessThan(1.6 * MIB);
    expect(await outcomes("unavailable")).toBe(1);
    expect(await other.send(good())).toMatchObject({ code: status.OK });
  });

  it("is cut off once the call is answered: a client could send for ever", async () => {
    const call = client.call();
    void call.write(framed(Buffer.alloc(3 * MIB), { length: 60 * MIB }));
    expect(await call.answer).toMatchObject({ code: status.UNAVAILABLE });
    await call.closed;
    expect(await held_bytes()).toBe(0);
    expect(await client.send(good())).toMatchObject({ code: status.OK });
  });

  it("is given up when it comes too slowly", async () => {
    await stop();
    await start({ body_read_ms_max: 60 });
    // Not to be looked for while it is held: on a busy machine it is given up sooner.
    const call = client.call();
    void call.write(framed(Buffer.alloc(MIB), { length: 60 * MIB }));
    expect(await call.answer).toMatchObject({
      code: status.UNAVAILABLE,
      is_retryable: true,
      message: "the message did not come within 60 ms, try again later",
    });
    expect(await held_bytes()).toBe(0);
    expect(await client.send(good())).toMatchObject({ code: status.OK });
  });

  it("is not read at all without a key", async () => {
    await stop();
    await start({ api_keys: ["one"] });
    const call = client.call();
    void call.write(framed(Buffer.alloc(MIB), { length: 60 * MIB }));
    expect(await call.answer).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await held_bytes()).toBe(0);
  });
});

describe("a compressed gRPC message", () => {
  const send = (sent: Uint8Array, encoding?: string, flag = 1) =>
    client.send(framed(sent, { flag }), encoding === undefined ? {} : { "grpc-encoding": encoding });

  it("is refused in bounded memory when it is a bomb", async () => {
    const bomb = gzipSync(Buffer.alloc(60 * MIB));
    expect(await send(bomb, "gzip")).toMatchObject({ code: status.UNAVAILABLE, is_retryable: true });
    expect(await held_bytes()).toBe(0);
    await stop();
    await start({ request_bytes_max: MIB });
    expect(await send(bomb, "gzip")).toMatchObject({ code: status.RESOURCE_EXHAUSTED, is_retryable: false });
    expect(await outcomes("too_large")).toBe(1);
  });

  it.each([
    ["not gzip", "gzip", Buffer.from("no gzip")],
    ["cut short", "gzip", gzipSync("a request").subarray(0, 20)],
    ["empty", "gzip", Buffer.alloc(0)],
    ["not deflate", "deflate", Buffer.from("no deflate")],
    ["compressed in a way that it does not name", undefined, gzipSync("a request")],
  ])("is malformed when it is %s", async (_what, encoding, sent) => {
    expect(await send(sent, encoding)).toMatchObject({ code: status.INVALID_ARGUMENT, is_retryable: false });
    expect(await outcomes("malformed")).toBe(1);
    expect(await held_bytes()).toBe(0);
  });

  it("is malformed when its flag is neither yes nor no", async () => {
    expect(await send(Buffer.alloc(0), "gzip", 2)).toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  it("is refused when its encoding is unknown", async () => {
    expect(await send(Buffer.from("x"), "zstd")).toMatchObject({ code: status.UNIMPLEMENTED });
    expect(await outcomes("unsupported_encoding")).toBe(1);
  });

  it("is refused when it is announced as too large, and counted", async () => {
    const call = client.call();
    void call.write(framed(Buffer.alloc(1), { length: 65 * MIB }));
    expect(await call.answer).toMatchObject({ code: status.RESOURCE_EXHAUSTED, is_retryable: false });
    expect(await outcomes("too_large")).toBe(1);
  });
});

it("a gRPC call without a whole message, or with two, is malformed", async () => {
  for (const sent of [Buffer.alloc(0), Buffer.alloc(3), framed(Buffer.alloc(10), { length: 11 })]) {
    expect(await client.send(sent)).toMatchObject({ code: status.INVALID_ARGUMENT });
  }
  expect(await client.send(Buffer.concat([good(), good()]))).toMatchObject({ code: status.INVALID_ARGUMENT });
  expect(await outcomes("malformed")).toBe(4);
  expect(receivers.bodies()).toEqual([]);
});
