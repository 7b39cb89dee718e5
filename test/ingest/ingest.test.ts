import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import { connect, createServer, type Server } from "node:net";
import { load_config, queue_directory } from "../../src/config/index.ts";
import { type IngestHalf, spawn_ingest_thread, start_ingest } from "../../src/ingest/index.ts";
import { create_logger } from "../../src/observe/index.ts";
import {
  compare_ulids,
  DURABLE_KEY_METADATA,
  open_wal_reader,
  READ_SPANS_PATH,
  type Ulid,
  type WalEntry,
} from "../../src/wal/index.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
beforeEach(() => {
  dir = temp_dir();
});
afterEach(() => dir[Symbol.dispose]());

type Started = { half: IngestHalf; appended_count: number; failures: Error[] } & AsyncDisposable;

const config_with = (settings: Record<string, unknown> = {}) =>
  load_config({
    env: {},
    flags: {
      data_dir: dir.path,
      otlp_grpc_port: 0,
      otlp_http_port: 0,
      read_spans_port: 0,
      disk_free_bytes_min: 0,
      log_level: "fatal",
      ...settings,
    },
  });

function entries(): WalEntry[] {
  using reader = open_wal_reader(queue_directory({ data_dir: dir.path }));
  return reader.read(null, { span_count_max: Infinity, bytes_max: Infinity });
}

async function post({ ports }: IngestHalf, body: Uint8Array): Promise<number> {
  const headers = { "content-type": "application/x-protobuf" };
  return (await fetch(`http://127.0.0.1:${ports.otlp_http}/v1/traces`, { method: "POST", headers, body })).status;
}

function call(port: number, path: string, body: Uint8Array): Promise<unknown> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const as_is = (bytes: Buffer) => bytes;
  client.makeUnaryRequest(path, as_is, as_is, Buffer.from(body), (error, answer) =>
    error ? reject(error) : resolve(answer),
  );
  return promise.finally(() => client.close());
}

const is_free = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(socket.destroy() && false));
    socket.once("error", () => resolve(true));
  });

const failure_of = (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => "it did not fail",
    (error: Error) => error.message,
  );

/** An eighth of it is a segment: each request has one of its own. */
const TINY_SEGMENTS = { wal_max_bytes: 1_000 };

const good = () => request_bytes([span_init(), span_init()]);

const start_ingest_in_worker: typeof start_ingest = (config, logger, hooks) =>
  spawn_ingest_thread(logger, hooks).start(config, null);

for (const [where, start_half] of [
  ["in this thread", start_ingest],
  ["in a Worker", start_ingest_in_worker],
] as const) {
  const start = async (settings?: Record<string, unknown>): Promise<Started> => {
    const started = { appended_count: 0, failures: [] as Error[] };
    const half = await start_half(config_with(settings), create_logger("silent"), {
      on_appended: () => started.appended_count++,
      on_failed: (error) => started.failures.push(error),
    });
    return Object.assign(started, { half, [Symbol.asyncDispose]: () => half[Symbol.asyncDispose]() });
  };

  describe(`the ingesting half ${where}`, () => {
    it("receives over HTTP and gRPC, says when something landed, and serves the queue", async () => {
      await using started = await start();
      const { half } = started;
      expect(await post(half, good())).toBe(200);
      await poll_until(() => started.appended_count === 1, { what: "the first append" });
      await call(half.ports.otlp_grpc, "/opentelemetry.proto.collector.trace.v1.TraceService/Export", good());
      await poll_until(() => started.appended_count === 2, { what: "the second append" });
      expect(entries().map(({ span_count }) => span_count)).toEqual([2, 2]);
      const garbage = call(half.ports.read_spans, READ_SPANS_PATH, Buffer.of(0xff));
      expect(await failure_of(garbage)).toContain("INVALID_ARGUMENT");
      expect(await half.render_metrics()).toContain("junjo_traces_receive_accepted_spans_total 4");
      expect(started.failures).toEqual([]);
    });

    it("gives space back when told to", async () => {
      await using started = await start(TINY_SEGMENTS);
      for (let i = 0; i < 3; i++) await post(started.half, good());
      started.half.trim(entries()[1].last_key);
      await poll_until(() => entries().length === 1, { what: "the trim" });
    });

    it("frees its ports and its queue when it stops, and starts again on the same data", async () => {
      const ports: number[] = [];
      {
        await using started = await start();
        expect(await post(started.half, good())).toBe(200);
        ports.push(...Object.values(started.half.ports));
      }
      for (const port of ports) expect(await is_free(port)).toBe(true);
      await using again = await start();
      await post(again.half, good());
      expect(entries()).toHaveLength(2);
    });

    it("does not start on a port that is taken, names it, and leaves nothing behind", async () => {
      const server = await listening();
      const port = (server.address() as { port: number }).port;
      for (const setting of ["otlp_grpc_port", "otlp_http_port", "read_spans_port"]) {
        expect(await failure_of(start({ [setting]: port }))).toContain(`cannot listen on 127.0.0.1:${port}`);
      }
      server.close();
      await using started = await start({ otlp_http_port: port });
      expect(started.half.ports.otlp_http).toBe(port);
    });

    it("does not start on a queue that is open already", async () => {
      await using _ = await start();
      expect(await failure_of(start())).toContain("another process has the queue");
    });

    it("does not start where it can't write, and says where", async () => {
      await Bun.write(`${dir.path}/wal`, "a file, where a directory is wanted");
      expect(await failure_of(start())).toContain(`cannot open the queue ${queue_directory({ data_dir: dir.path })}`);
    });

    it("stops while connections are open", async () => {
      const started = await start();
      const sockets = Object.values(started.half.ports).map((port) => connect(port, "127.0.0.1"));
      await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once("connect", resolve))));
      const started_ms = performance.now();
      await started[Symbol.asyncDispose]();
      expect(performance.now() - started_ms).toBeLessThan(3_500);
      for (const socket of sockets) socket.destroy();
    });
  });
}

describe("ReadSpans of the ingesting half", () => {
  const hooks = { on_appended: () => undefined, on_failed: () => undefined };

  async function two_requests_and_a_reader_that_holds_them(half: IngestHalf): Promise<WalEntry[]> {
    for (let i = 0; i < 2; i++) await post(half, good());
    const [first, second] = entries();
    const client = new Client(`127.0.0.1:${half.ports.read_spans}`, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set(DURABLE_KEY_METADATA, Buffer.from(second.last_key));
    const as_is = (bytes: Buffer) => bytes;
    const call = client.makeServerStreamRequest(READ_SPANS_PATH, as_is, as_is, Buffer.alloc(0), metadata);
    await Array.fromAsync(call);
    client.close();
    return [first, second];
  }

  it("lets a reader give space back where the half runs alone", async () => {
    await using half = await start_ingest(config_with(), create_logger("silent"), hooks);
    await two_requests_and_a_reader_that_holds_them(half);
    await poll_until(() => entries().length === 0, { what: "the trim" });
  });

  it("lets no reader give space back beside a store that reads the queue too", async () => {
    await using half = await start_ingest_in_worker(config_with(TINY_SEGMENTS), create_logger("silent"), hooks);
    const [first, second] = await two_requests_and_a_reader_that_holds_them(half);
    half.trim(first.last_key);
    await poll_until(() => entries().length < 2, { what: "the trim" });
    expect(entries()).toEqual([second]);
  });
});

describe("the ingesting half beside a store", () => {
  it("gives keys above what the store holds, though the queue knows nothing of it", async () => {
    const hooks = { on_appended: () => undefined, on_failed: () => undefined };
    const keys_above = new Uint8Array(16).fill(0x7e);
    await using half = await spawn_ingest_thread(create_logger("silent"), hooks).start(config_with(), keys_above);
    await post(half, good());
    expect(compare_ulids(entries()[0].first_key, keys_above)).toBeGreaterThan(0);
  });
});

describe("a Worker that is not told to start", () => {
  it("ends when it is disposed of, without a word", async () => {
    const failures: Error[] = [];
    const hooks = { on_appended: () => undefined, on_failed: (error: Error) => void failures.push(error) };
    const thread = spawn_ingest_thread(create_logger("silent"), hooks);
    await thread[Symbol.asyncDispose]();
    await thread[Symbol.asyncDispose]();
    expect(failures).toEqual([]);
  });
});

describe("a Worker that dies", () => {
  it("is told of once, and stopping it afterwards is fine", async () => {
    const failures: Error[] = [];
    const hooks = { on_appended: () => undefined, on_failed: (error: Error) => void failures.push(error) };
    const half = await start_ingest_in_worker(config_with(), create_logger("silent"), hooks);
    half.trim(null as unknown as Ulid);
    const metrics = failure_of(half.render_metrics());
    await poll_until(() => failures.length > 0, { what: "word of the failure" });
    expect(failures[0].message).toContain("the ingest thread");
    expect(await metrics).not.toBe("");
    expect(await failure_of(half.render_metrics())).toBe("the ingest thread does not run");
    await half[Symbol.asyncDispose]();
    expect(failures).toHaveLength(1);
  });
});

async function listening(): Promise<Server> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
