import { afterEach, describe, expect, it } from "bun:test";
import { request_bytes, span_init } from "../support/otlp.ts";
import { type Ask, JSON_TYPE, post_otlp, refusal_of } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";

let receivers: Receivers;
const start = async (options?: Parameters<typeof start_receivers>[0]) => {
  receivers = await start_receivers(options);
};
afterEach(() => receivers[Symbol.asyncDispose]());

const post = (body: Uint8Array | string, ask?: Ask) => post_otlp(receivers.http_url, body, ask);
const good = () => request_bytes([span_init()]);

/** What the queue puts around a body. */
const RECORD_HEADER_BYTES = 40;

describe("OTLP over HTTP at a full queue", () => {
  it("says to try again later, but takes an empty request", async () => {
    await start({ wal_bytes_max: 10 });
    const answer = await post(good());
    expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(await refusal_of(answer)).toMatchObject({ status: 503, code: 14 });
    expect((await post("")).status).toBe(200);
  });

  it("takes a refused request once there is room", async () => {
    const body = good();
    await start({ wal_bytes_max: RECORD_HEADER_BYTES + body.length });
    expect((await post(body)).status).toBe(200);
    expect((await post(body)).status).toBe(503);
    receivers.wal.trim(new Uint8Array(16).fill(0xff));
    await poll_until(async () => (await post(body)).status === 200, { what: "room" });
  });

  it("says so too once the queue is closed, in the request's encoding", async () => {
    await start();
    await receivers.wal[Symbol.asyncDispose]();
    const spans = [{ traceId: "1".repeat(32), spanId: "2".repeat(16) }];
    const answer = await post(JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }), { type: JSON_TYPE });
    expect(await refusal_of(answer)).toMatchObject({ status: 503, type: JSON_TYPE });
  });
});

describe("OTLP over HTTP with keys", () => {
  it("takes any known key by any of the headers", async () => {
    await start({ api_keys: ["one", "two"] });
    const all: Record<string, string>[] = [
      { "x-junjo-api-key": "one" },
      { "x-api-key": "two" },
      { authorization: "Bearer one" },
      { authorization: "bearer two" },
    ];
    for (const headers of all) expect((await post(good(), { headers })).status).toBe(200);
  });

  it("refuses everything else with 401", async () => {
    await start({ api_keys: ["one", "two"] });
    const none: Record<string, string>[] = [
      {},
      { "x-api-key": "three" },
      { "x-api-key": "" },
      { authorization: "Basic one" },
    ];
    for (const headers of none) {
      const answer = await post(good(), { headers });
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
      expect(await refusal_of(answer)).toMatchObject({ status: 401, code: 16 });
    }
    expect(receivers.bodies()).toEqual([]);
  });
});

it("OTLP over HTTP refuses a key that is for reading with 403", async () => {
  await start({ api_keys: ["reader:read"] });
  const answer = await post(good(), { headers: { "x-api-key": "reader" } });
  expect(await refusal_of(answer)).toMatchObject({ status: 403, code: 7 });
});

describe("stopping OTLP over HTTP", () => {
  it("answers the requests in flight, and does not wait for idle connections", async () => {
    await start();
    const answers = Array.from({ length: 20 }, () => post(good()));
    await poll_until(() => receivers.bodies().length > 0, { what: "the first request" });
    const started_ms = performance.now();
    const queued = receivers.bodies();
    const stopped = receivers[Symbol.asyncDispose]();
    const outcomes = await Promise.allSettled(answers);
    await stopped;
    expect(performance.now() - started_ms).toBeLessThan(1_400);
    const taken = outcomes.filter((outcome) => outcome.status === "fulfilled" && outcome.value.status === 200);
    expect(taken.length).toBeGreaterThanOrEqual(queued.length);
  });
});
