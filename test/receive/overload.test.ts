import { connect, type Socket } from "node:net";
import { Client, credentials, type ServiceError, status } from "@grpc/grpc-js";
import { afterEach, describe, expect, it } from "bun:test";
import { request_bytes, span_init } from "../support/otlp.ts";
import { post_otlp, refusal_of } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

const EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const start = async (...options: Parameters<typeof start_receivers>): Promise<Receivers> =>
  resources.use(await start_receivers(...options));
const one_span = () => request_bytes([span_init()]);

/** A client that announces a body and sends only some of it. */
async function stall(receivers: Receivers, announced_bytes: number, sent_bytes: number): Promise<Socket> {
  const { port } = new URL(receivers.http_url);
  const socket = connect(Number(port), "127.0.0.1");
  resources.defer(() => void socket.destroy());
  socket.on("error", () => undefined);
  const before = await receivers.gauge("receive_in_flight_requests");
  socket.write(
    `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${announced_bytes}\r\n\r\n`,
  );
  socket.write(Buffer.alloc(sent_bytes, 0x0a));
  const is_in_flight = async () => (await receivers.gauge("receive_in_flight_requests")) > before;
  await poll_until(is_in_flight, { what: "the request in flight" });
  return socket;
}

function export_over_grpc(receivers: Receivers): Promise<ServiceError | null> {
  const client = new Client(receivers.grpc_address, credentials.createInsecure());
  resources.defer(() => client.close());
  const as_is = (bytes: Buffer) => bytes;
  return new Promise((resolve) => {
    client.makeUnaryRequest(EXPORT, as_is, as_is, Buffer.from(one_span()), (error) => resolve(error));
  });
}

describe("at a limit", () => {
  it("tells the next request to try again when too many are in flight, over both protocols, and recovers", async () => {
    const receivers = await start({ requests_max: 2 });
    const stalled = [await stall(receivers, 100, 1), await stall(receivers, 100, 1)];
    const response = await post_otlp(receivers.http_url, one_span());
    expect(response.headers.get("retry-after")).toBe("5");
    expect(await refusal_of(response)).toMatchObject({
      status: 503,
      message: expect.stringContaining("2 requests are"),
    });
    expect((await export_over_grpc(receivers))?.code).toBe(status.UNAVAILABLE);

    for (const socket of stalled) socket.destroy();
    const is_idle = async () => (await receivers.gauge("receive_in_flight_requests")) === 0;
    await poll_until(is_idle, { what: "the end of the stalled requests" });
    expect((await post_otlp(receivers.http_url, one_span())).status).toBe(200);
    expect(await export_over_grpc(receivers)).toBeNull();
  });

  it("counts bodies by what has come of them, and has no room for more than it may hold", async () => {
    const receivers = await start({ in_flight_bytes_max: 4_000_000 });
    // Announced is not received: the first leaves room for others.
    await stall(receivers, 60_000_000, 1_000_000);
    expect((await post_otlp(receivers.http_url, one_span())).status).toBe(200);
    const response = await post_otlp(receivers.http_url, Buffer.alloc(3_900_000));
    expect(await refusal_of(response)).toMatchObject({
      status: 503,
      message: expect.stringContaining("too many large"),
    });
    expect(await receivers.gauge("receive_in_flight_bytes")).toBeLessThan(4_000_000);
  });

  it("gives up a body that comes too slowly, and what it held", async () => {
    const receivers = await start({ body_read_ms_max: 60 });
    const socket = await stall(receivers, 3_000_000, 200_000);
    const answer = await new Promise<string>((resolve) => socket.once("data", (data) => resolve(data.toString())));
    expect(answer).toStartWith("HTTP/1.1 503");
    expect(answer.toLowerCase()).toContain("retry-after: 5");
    const is_idle = async () => (await receivers.gauge("receive_in_flight_bytes")) === 0;
    await poll_until(is_idle, { what: "the bytes given back" });
    // What trickles in afterwards is not counted, nor kept.
    socket.write(Buffer.alloc(200_000));
    expect((await post_otlp(receivers.http_url, one_span())).status).toBe(200);
    expect(await receivers.gauge("receive_in_flight_bytes")).toBe(0);
  });
});
