import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { once } from "node:events";
import { existsSync, readdirSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { type HoldServer, serve_holds } from "../../src/backup/index.ts";
import type { FileBackedStore } from "../../src/store/index.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { append_spans, open_test_store, page_rows } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

let resources: AsyncDisposableStack;
let store: FileBackedStore;
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
  socket.write("hold\n");
  expect(String(await once(socket, "data"))).toBe("held\n");
  return socket;
}

/** An append that is brought to the disk, and whether that has ended. */
function append() {
  const watched = { is_done: false, ended: Promise.resolve() };
  const sealed = append_spans(store, [span_init({ name: "waits" })]).then(() => store.seal());
  watched.ended = sealed.then(() => void (watched.is_done = true));
  return watched;
}

const files = () =>
  readdirSync(dirname(path), { recursive: true, encoding: "utf8" })
    .filter((name) => !name.endsWith(".sock"))
    .map((name) => `${name} ${statSync(join(dirname(path), name)).size}`);

const names = async () => (await store.service_names({ limit: null, offset: 0 })).names;

describe("a hold", () => {
  it("keeps the store from writing, and not from taking spans and answering, until it ends", async () => {
    const socket = await held();
    const before = files();
    const waiting = append();
    await poll_until(async () => (await names()).length === 1, { what: "the span" });
    for (let i = 0; i < 20; i++) expect(await names()).toHaveLength(1);
    expect(waiting.is_done).toBe(false);
    expect(files()).toEqual(before);
    socket.write("copied\n");
    expect(String(await once(socket, "data"))).toBe("confirmed\n");
    await waiting.ended;
    expect(files().length).toBeGreaterThan(before.length);
    await poll_until(() => lines.length === 1, { what: "the hold noted" });
  });

  it("comes before or after what is being written, not in the middle of it", async () => {
    for (let round = 0; round < 5; round++) {
      const writing = append();
      const socket = await held();
      const before = files();
      expect(before.filter((name) => name.includes(".unfinished"))).toEqual([]);
      for (let i = 0; i < 10; i++) await names();
      expect(files()).toEqual(before);
      socket.destroy();
      await writing.ended;
    }
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
    second.write("hold\n");
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
    second.write("hold\n");
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

  it("is not given to who asks for something else", async () => {
    const socket = connect(path);
    socket.write("everything\n");
    await once(socket, "close");
    await append().ended;
  });

  it("is refused by a store that is closed", async () => {
    await store[Symbol.asyncDispose]();
    const socket = connect(path);
    socket.write("hold\n");
    await once(socket, "close");
    expect(lines).toMatchObject([{ level: 50, msg: "the store could not be held for whoever asked" }]);
  });
});

describe("a lease", () => {
  it("names what holds all rows, whose files stay while the store goes on", async () => {
    await append_spans(store, [span_init({ name: "leased" })]);
    const socket = connect(path);
    socket.write("lease\n");
    const line = String(await once(socket, "data"));
    expect(line).toStartWith("leased ");
    const directories = JSON.parse(line.slice("leased ".length)) as string[];
    expect(directories).toHaveLength(1);

    const [span] = await page_rows(store.list("roots", "shop", { limit: 1, offset: 0 }));
    expect(await store.delete_trace(span.trace_id)).toBe(1);
    await append().ended;
    expect(existsSync(join(directories[0], "spans.parquet"))).toBe(true);

    socket.write("copied\n");
    expect(String(await once(socket, "data"))).toBe("confirmed\n");
    await poll_until(() => !existsSync(directories[0]), { what: "the deleted segment gone" });
    await poll_until(() => lines.length === 1, { what: "the lease noted" });
  });
});
