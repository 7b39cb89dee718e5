import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { type HoldServer, serve_holds } from "../../src/backup/index.ts";
import type { SpanStore } from "../../src/store/index.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { append_spans, open_test_store } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

let resources: AsyncDisposableStack;
let store: SpanStore;
let server: HoldServer;
let path: string;
const { logger, lines } = collecting_logger();

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const dir = resources.use(temp_dir());
  path = join(dir.path, "hold.sock");
  store = resources.use(await open_test_store(dir.path));
  server = resources.use(await serve_holds(path, store, logger));
  lines.length = 0;
});
afterEach(() => resources.disposeAsync());

/** A connection that has the hold. */
async function held(): Promise<Socket> {
  const socket = connect(path);
  expect(String(await once(socket, "data"))).toBe("held\n");
  return socket;
}

/** An append, and whether it has ended. */
function append() {
  const watched = { is_done: false, ended: Promise.resolve() };
  watched.ended = append_spans(store, [span_init({ name: "waits" })]).then(() => void (watched.is_done = true));
  return watched;
}

const names = async () => (await store.service_names({ limit: null, offset: 0 })).names;

describe("a hold", () => {
  it("keeps the store from writing, and not from answering, until it ends", async () => {
    const socket = await held();
    const waiting = append();
    for (let i = 0; i < 20; i++) expect(await names()).toEqual([]);
    expect(waiting.is_done).toBe(false);
    socket.write("copied\n");
    expect(String(await once(socket, "data"))).toBe("confirmed\n");
    await waiting.ended;
    expect(await names()).toHaveLength(1);
    await poll_until(() => lines.length === 1, { what: "the hold noted" });
  });

  it("waits for what is being written", async () => {
    const first = append();
    const socket = await held();
    expect(first.is_done).toBe(true);
    socket.destroy();
  });

  it("ends when whoever has it goes without a word, or says something else", async () => {
    (await held()).destroy();
    await append().ended;
    const babbling = await held();
    babbling.write("hello\n");
    await append().ended;
    expect(babbling.destroyed || (await once(babbling, "close"))).toBeTruthy();
  });

  it("comes after another", async () => {
    const first = await held();
    const second = connect(path);
    const said = once(second, "data");
    const waiting = append();
    first.destroy();
    expect(String(await said)).toBe("held\n");
    second.destroy();
    await waiting.ended;
  });

  it("is not given to who has gone before it came", async () => {
    const first = await held();
    const second = connect(path);
    await once(second, "connect");
    second.destroy();
    first.destroy();
    await append().ended;
  });

  it("ends when the server stops, which does not wait for it", async () => {
    const socket = await held();
    const closed = once(socket, "close");
    const waiting = append();
    await server[Symbol.asyncDispose]();
    await closed;
    await waiting.ended;
    expect(existsSync(path)).toBe(false);
  });

  it("is not to be had at a path that is too long, which is logged", async () => {
    await using _unreachable = await serve_holds(join(path, "..", "x".repeat(120)), store, logger);
    expect(lines).toMatchObject([{ level: 40, msg: expect.stringMatching(/^cannot listen on .*: no backups/) }]);
  });

  it("is refused by a store that is closed", async () => {
    await store[Symbol.asyncDispose]();
    const socket = connect(path);
    await once(socket, "close");
    expect(lines).toMatchObject([{ level: 50, msg: "the store could not be held for a backup" }]);
  });
});
