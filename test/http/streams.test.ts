import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { start_http } from "../../src/http/index.ts";
import { create_metrics } from "../../src/observe/index.ts";
import type { SpanStore } from "../../src/store/index.ts";
import { PLAIN_TEXT } from "../support/access.ts";
import { start_test_api, type TestApi } from "../support/http.ts";
import { span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";

const SPAN_COUNT = 10_000;
const PATH = `/otel/service/big/root_spans?limit=${SPAN_COUNT}`;

/** Polls, 5 ms apart, after which a count that has not changed is taken to stand still. */
const STILL_POLLS = 40;

let api: TestApi;

/** 40 MB of rows: more than the buffers of a connection hold. */
async function add_big(to: TestApi): Promise<void> {
  const attributes = text_attributes({ text: "x".repeat(4_000) });
  await to.add(
    Array.from({ length: SPAN_COUNT }, () => span_init({ attributes })),
    "big",
  );
}

beforeAll(async () => {
  api = await start_test_api();
  await add_big(api);
});
afterAll(() => api[Symbol.asyncDispose]());

/** The same store, with a count of the rows that were taken from its lists of root spans. */
function counting(store: SpanStore) {
  const state = { taken: 0, is_closed: false };
  async function* counted(rows: AsyncIterable<string>) {
    try {
      for await (const row of rows) {
        state.taken++;
        yield row;
      }
    } finally {
      state.is_closed = true;
    }
  }
  const list: SpanStore["list"] = async (...args) => {
    const page = await store.list(...args);
    return { ...page, rows: counted(page.rows) };
  };
  return { state, store: Object.assign(Object.create(store) as SpanStore, { list }) };
}

/** Resolves to a count that has stood still for a while. */
function stand_still(count: () => number): Promise<number> {
  let [before, polls] = [-1, 0];
  return poll_until(
    () => {
      polls = count() === before ? polls + 1 : 0;
      before = count();
      return polls >= STILL_POLLS && before;
    },
    { what: "a count that stands still" },
  );
}

describe("a long list", () => {
  it("arrives whole, each row once", async () => {
    const rows = (await (await api.get(PATH)).json()) as { span_id: string }[];
    expect(new Set(rows.map(({ span_id }) => span_id)).size).toBe(SPAN_COUNT);
  });

  it("is fetched no faster than the client takes it, and closed when the client goes", async () => {
    const { state, store } = counting(api.store);
    const dependencies = { ...api.dependencies, store, metrics: create_metrics() };
    await using server = await start_http({ host: "127.0.0.1", http_port: 0, certificates: PLAIN_TEXT }, dependencies);
    const client = await Bun.connect({
      hostname: "127.0.0.1",
      port: server.port,
      socket: { open: (socket) => socket.pause(), data: () => undefined },
    });
    client.write(`GET ${PATH} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    await poll_until(() => state.taken > 0, { what: "the first row" });
    expect(await stand_still(() => state.taken)).toBeLessThan(SPAN_COUNT);
    expect(state.is_closed).toBe(false);
    client.terminate();
    await poll_until(() => state.is_closed, { what: "rows that are closed" });
    expect(state.taken).toBeLessThan(SPAN_COUNT);
  });

  it("breaks off when the store fails on the way", async () => {
    await using own = await start_test_api();
    await add_big(own);
    await own.store.seal();
    const response = await own.get(PATH);
    expect(response.status).toBe(200);
    await own.store[Symbol.asyncDispose]();
    expect(response.text()).rejects.toThrow();
  });
});

it("HEAD of a long list closes its rows at once", async () => {
  const { state, store } = counting(api.store);
  const dependencies = { ...api.dependencies, store, metrics: create_metrics() };
  await using server = await start_http({ host: "127.0.0.1", http_port: 0, certificates: PLAIN_TEXT }, dependencies);
  const response = await fetch(`http://127.0.0.1:${server.port}${PATH}`, { method: "HEAD" });
  expect(response.status).toBe(200);
  expect(state).toEqual({ taken: 1, is_closed: true });
});
