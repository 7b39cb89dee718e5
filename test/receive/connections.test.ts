import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { are_open, Flood } from "../support/flood.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { post_otlp } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { framed, RawGrpc } from "../support/raw-grpc.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

const CONNECTIONS_MAX = 8;
const HALF_A_HEAD = "POST /v1/traces HTTP/1.1\r\nHost: x\r\nX-";
const HTTP2_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

let receivers: Receivers;
beforeEach(async () => {
  receivers = await start_receivers({ connections_max: CONNECTIONS_MAX });
});
afterEach(() => receivers[Symbol.asyncDispose]());

const good = () => request_bytes([span_init()]);
const metric = async (name: string, listener: string) => {
  const text = await receivers.render_metrics();
  return Number(new RegExp(`^junjo_traces_receive_${name}{listener="${listener}"} (\\d+)`, "m").exec(text)?.[1]);
};
const until_open = (listener: string, count: number) =>
  poll_until(async () => (await metric("open_connections", listener)) === count, { what: `${count} connections open` });

/** One HTTP connection that is kept and asked again and again. */
function keep_alive(flood: Flood) {
  const body = good();
  const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`;
  const request = Buffer.concat([Buffer.from(head), body]);
  const [connection] = flood.open(1, request);
  const answers = () => connection?.received.split("HTTP/1.1 200").length ?? 0;
  return {
    answered: (count: number) => poll_until(() => answers() === count + 1, { what: `answer ${count}` }),
    ask: () => connection?.write(request),
  };
}

describe("too many HTTP connections", () => {
  it("are closed, the newest of them, while those before them are answered; and new ones are taken afterwards", async () => {
    using existing = new Flood(Number(new URL(receivers.http_url).port));
    const client = keep_alive(existing);
    await client.answered(1);
    await until_open("otlp_http", 1);

    using flood = new Flood(Number(new URL(receivers.http_url).port));
    const first = flood.open(CONNECTIONS_MAX - 1, HALF_A_HEAD);
    await until_open("otlp_http", CONNECTIONS_MAX);
    const too_many = flood.open(200, HALF_A_HEAD);
    await poll_until(() => are_open(too_many) === 0, { what: "the newest closed" });
    expect(are_open(first)).toBe(CONNECTIONS_MAX - 1);
    await until_open("otlp_http", CONNECTIONS_MAX);
    expect(await metric("refused_connections_total", "otlp_http")).toBe(200);

    client.ask();
    await client.answered(2);
    flood.close();
    await until_open("otlp_http", 1);
    expect((await post_otlp(receivers.http_url, good())).status).toBe(200);
    client.ask();
    await client.answered(3);
  });
});

describe("too many gRPC connections", () => {
  it("are closed, the newest of them, while those before them are answered; and new ones are taken afterwards", async () => {
    using existing = new RawGrpc(receivers.grpc_address);
    expect(await existing.send(framed(good()))).toMatchObject({ code: status.OK });

    using flood = new Flood(Number(receivers.grpc_address.split(":")[1]));
    const first = flood.open(CONNECTIONS_MAX - 1, HTTP2_PREFACE);
    await until_open("otlp_grpc", CONNECTIONS_MAX);
    const too_many = flood.open(200, HTTP2_PREFACE);
    await poll_until(() => are_open(too_many) === 0, { what: "the newest closed" });
    expect(are_open(first)).toBe(CONNECTIONS_MAX - 1);
    expect(await metric("refused_connections_total", "otlp_grpc")).toBe(200);

    expect(await existing.send(framed(good()))).toMatchObject({ code: status.OK });
    flood.close();
    await until_open("otlp_grpc", 1);
    using other = new RawGrpc(receivers.grpc_address);
    expect(await other.send(framed(good()))).toMatchObject({ code: status.OK });
  });
});
