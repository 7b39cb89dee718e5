import { status } from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { join } from "node:path";
import { create_metrics } from "../../src/observe/index.ts";
import { CursorFile, open_remote_source, type Poller, start_poller } from "../../src/poll/index.ts";
import type { SpanStore } from "../../src/store/index.ts";
import { collecting_logger, type LogLine } from "../support/collecting-logger.ts";
import { IngestionServer, queued_span } from "../support/ingestion-server.ts";
import { hex, type SpanInit, span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { open_test_store, page_rows } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

const ALL = { limit: null, offset: 0 };

let resources: AsyncDisposableStack;
let server: IngestionServer;
let store: SpanStore;
let cursor: CursorFile;
let lines: LogLine[];

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const directory = resources.use(temp_dir());
  server = resources.use(await IngestionServer.start());
  store = resources.use(await open_test_store(directory.path));
  cursor = resources.use(new CursorFile(join(directory.path, "poller.sqlite")));
  lines = [];
});
afterEach(() => resources.disposeAsync());

type Settings = { store?: SpanStore; poll_interval_ms?: number; batch_size?: number; deadline_ms?: number };

function start(settings: Settings = {}): Poller {
  const source = open_remote_source({
    host: "127.0.0.1",
    port: server.port,
    poll_interval_ms: 10,
    batch_size: 100,
    deadline_ms: 5_000,
    message_bytes_max: 4 * 1024 * 1024,
    ...settings,
  });
  const collected = collecting_logger();
  lines = collected.lines;
  const options = { source, store, cursor, logger: collected.logger, metrics: create_metrics(), ...settings };
  const poller = start_poller(options);
  resources.defer(async () => {
    await poller.stop();
    await source[Symbol.asyncDispose]();
  });
  return poller;
}

const source_name = () => `127.0.0.1:${server.port}`;
const stored = async () => (await page_rows(store.list("roots", "remote", ALL))).map(({ name }) => name);
const named = (count: number): SpanInit[] => Array.from({ length: count }, (_, i) => span_init({ name: `span ${i}` }));
const until_stored = (count: number) =>
  poll_until(async () => (await stored()).length === count, { what: `${count} spans stored` });
const last_key = () => server.queue.at(-1)?.key;

describe("polling a remote ingestion service", () => {
  it("stores what the service has, with the cursor behind the rows that are on disk", async () => {
    server.queue = named(3).map((span) => queued_span(span));
    start();
    await until_stored(3);
    expect(cursor.get(source_name())).toBeNull();
    await store.seal();
    await poll_until(() => cursor.get(source_name()) !== null, { what: "the cursor" });
    expect(hex(cursor.get(source_name()) as Uint8Array)).toBe(hex(last_key() as Uint8Array));
    expect(server.requests[0]).toEqual({ start_key: "", batch_size: 100 });
  });

  it("follows a full batch with the next at once, also when the service has a limit of its own", async () => {
    server.queue = named(450).map((span) => queued_span(span));
    server.answer = (call) => {
      for (const span of server.after(call).slice(0, 100)) server.send(call, span);
      call.end();
    };
    start({ poll_interval_ms: 60_000 });
    await until_stored(450);
    expect(server.requests.length).toBe(5);
  });

  it("resumes after a restart where it was", async () => {
    server.queue = named(2).map((span) => queued_span(span));
    const first = start();
    await until_stored(2);
    await first.stop();
    server.requests.length = 0;
    const resumed_from = hex(last_key() as Uint8Array);
    server.queue.push(queued_span(span_init({ name: "later" })));
    start();
    await until_stored(3);
    expect(server.requests[0]?.start_key).toBe(resumed_from);
  });

  it("stores a span once that is delivered again", async () => {
    const [span] = named(1);
    const events = [{ name: "set_state", attributes: text_attributes({ "junjo.state_json_patch": "[]" }) }];
    const again = { ...span, events } as SpanInit;
    server.queue = [queued_span(again), queued_span(again), queued_span(span_init({ name: "other" }))];
    start();
    await until_stored(2);
  });

  it("keeps what came before an error in mid-stream, and goes on behind it", async () => {
    server.queue = named(5).map((span) => queued_span(span));
    let failures = 2;
    const answer = server.answer;
    server.answer = (call) => {
      if (failures-- <= 0) return answer(call);
      for (const span of server.after(call).slice(0, 2)) server.send(call, span);
      call.emit("error", { code: status.INTERNAL, details: "disk on fire" });
    };
    start();
    await until_stored(5);
    expect(new Set(await stored()).size).toBe(5);
  });

  it("finds a service again that was away, and logs the change of state only", async () => {
    server.queue = named(1).map((span) => queued_span(span));
    const { port } = server;
    server.stop();
    const poller = start();
    await poll_until(() => !poller.is_healthy, { what: "the first failure" });
    await poll_until(() => lines.length > 0, { what: "a log line" });
    // Several attempts fail in this time; they add no line.
    server.queue.push(queued_span(span_init({ name: "arrived while away" })));
    await server.listen(port);
    await until_stored(2);
    await poll_until(() => poller.is_healthy, { what: "health" });
    const changes = lines.map(({ msg }) => msg).filter((msg) => msg.startsWith("polling"));
    expect(changes).toEqual(["polling fails; trying again for ever", "polling goes well again"]);
  });

  it("keeps a record that can't be decoded in dead_letters with its reason, and stores the rest", async () => {
    const garbage = { ...queued_span(span_init()), span_bytes: Uint8Array.of(0xff, 0xff, 0xff) };
    const without_ids = queued_span(span_init({ traceId: new Uint8Array(0) }));
    const empty = { ...queued_span(span_init()), span_bytes: new Uint8Array(0) };
    const torn_resource = { ...queued_span(span_init()), resource_bytes: Uint8Array.of(10, 99) };
    const spans = named(2).map((span) => queued_span(span));
    server.queue = [garbage, spans[0], without_ids, empty, torn_resource, spans[1]].map((span, index) => ({
      ...span,
      key: new Uint8Array(16).fill(index + 1),
    }));
    start();
    await until_stored(2);
    const reasons = lines
      .filter(({ msg }) => msg === "record kept in dead_letters")
      .map(({ reason }) => String(reason));
    expect(reasons.length).toBe(4);
    expect(reasons[0]).toStartWith("malformed:");
    expect(reasons[1]).toBe("bad_id: trace_id of 0 bytes, not 16");
    expect(hex((await store.position(source_name())) as Uint8Array)).toBe("06".repeat(16));
  });

  it("keeps the cursor when the insert fails, and stores the batch once it works", async () => {
    server.queue = named(2).map((span) => queued_span(span));
    let failures = 3;
    // The real store behind it; only its append fails for a while, as on a full disk.
    const failing: SpanStore = Object.assign(Object.create(store) as SpanStore, {
      append: (...batch: Parameters<SpanStore["append"]>) =>
        failures-- > 0 ? Promise.reject(new Error("no space left on device")) : store.append(...batch),
    });
    start({ store: failing });
    await poll_until(() => failures < 3, { what: "the first failing insert" });
    expect(cursor.get(source_name())).toBeNull();
    await until_stored(2);
    await store.seal();
    await poll_until(() => cursor.get(source_name()) !== null, { what: "the cursor" });
    const start_keys = server.requests.slice(0, 4).map(({ start_key }) => start_key);
    expect(start_keys).toEqual(["", "", "", ""]);
  });

  it("backs off from a service that gives the same spans whatever it is asked", async () => {
    server.queue = named(2).map((span) => queued_span(span));
    server.answer = (call) => {
      for (const span of server.queue) server.send(call, span);
      call.end();
    };
    const poller = start({ batch_size: 2 });
    await until_stored(2);
    await poll_until(() => !poller.is_healthy, { what: "the failure" });
    expect(JSON.stringify(lines.at(-1)?.err)).toContain("none of them after the cursor");
    expect(server.requests.length).toBeLessThan(20);
  });

  it("gives up a call that hangs at its deadline, and tries again", async () => {
    server.queue = named(1).map((span) => queued_span(span));
    const { answer } = server;
    let calls = 0;
    server.answer = (call) => {
      if (calls++ > 0) answer(call);
    };
    start({ deadline_ms: 50 });
    await until_stored(1);
    expect(calls).toBeGreaterThan(1);
  });

  it("stops in the middle of a batch within a moment, with all of it or nothing", async () => {
    server.queue = named(40).map((span) => queued_span(span));
    server.answer = (call) => {
      for (const span of server.after(call).slice(0, 20)) server.send(call, span);
      // The rest never comes.
    };
    const poller = start();
    await poll_until(() => server.requests.length > 0, { what: "the call" });
    const began_ms = performance.now();
    await poller.stop();
    expect(performance.now() - began_ms).toBeLessThan(5_000);
    expect(await stored()).toEqual([]);
    expect(cursor.get(source_name())).toBeNull();
  });

  it("reads again what a store has lost", async () => {
    server.queue = named(3).map((span) => queued_span(span));
    // As after the store's file was removed: the cursor is there, the rows are not.
    cursor.put(source_name(), last_key() as Uint8Array);
    start();
    await until_stored(3);
    expect(lines[0]?.msg).toContain("the store holds less than was once read");
  });

  it("says what is held for good only while it asks for what comes after that", async () => {
    const source = open_remote_source({
      host: "127.0.0.1",
      port: server.port,
      poll_interval_ms: 10,
      batch_size: 100,
      deadline_ms: 5_000,
      message_bytes_max: 4 * 1024 * 1024,
    });
    resources.defer(() => source[Symbol.asyncDispose]());
    const key = (byte: number) => new Uint8Array(16).fill(byte);
    const { signal } = new AbortController();
    await source.read(key(5), signal);
    source.release(key(5));
    for (const after of [key(5), key(6), key(4), null]) await source.read(after, signal);
    expect(server.durable_keys).toEqual(["", hex(key(5)), hex(key(5)), "", ""]);
  });
});
