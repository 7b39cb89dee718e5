import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { type Forwarder, start_forwarder, TrimGate } from "../../src/forward/index.ts";
import { ExportTraceServiceRequestSchema } from "../../src/gen/opentelemetry/proto/collector/trace/v1/trace_service_pb.ts";
import { create_metrics } from "../../src/observe/index.ts";
import { CursorFile } from "../../src/poll/index.ts";
import { open_wal, type Ulid, type Wal } from "../../src/wal/index.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { request_bytes, span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { type Receivers, start_receivers } from "../support/receivers.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let directory: TempDir;
let wal: Wal;
let cursor: CursorFile;
let metrics: ReturnType<typeof create_metrics>;
let logged: ReturnType<typeof collecting_logger>;
let done: Ulid[];
beforeEach(() => {
  directory = temp_dir();
  wal = open_wal({
    directory: join(directory.path, "wal"),
    bytes_max: 1e9,
    disk_free_bytes_min: 0,
    metrics: create_metrics(),
  });
  cursor = new CursorFile(join(directory.path, "cursor.sqlite"));
  logged = collecting_logger();
  done = [];
});
afterEach(async () => {
  cursor[Symbol.dispose]();
  await wal[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

function start(url: string, backlog_bytes_max = 1e9, headers = {}): Forwarder {
  metrics = create_metrics();
  return start_forwarder({
    url,
    headers,
    directory: join(directory.path, "wal"),
    cursor,
    on_done: (through) => done.push(through),
    backlog_bytes_max,
    logger: logged.logger,
    metrics,
  });
}

async function queue(...names: string[]): Promise<void> {
  for (const name of names) await wal.append(request_bytes([span_init({ name })]), 1);
}

const names_in = (bodies: readonly Uint8Array[]): string[] =>
  bodies.flatMap((body) =>
    fromBinary(ExportTraceServiceRequestSchema, body).resourceSpans.flatMap(({ scopeSpans }) =>
      scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name)),
    ),
  );

const until_names = (to: Receivers, names: readonly string[]) =>
  poll_until(() => names_in(to.bodies()).length >= names.length, { what: "all that was queued" }).then(() =>
    expect(names_in(to.bodies())).toEqual([...names]),
  );

const until_sent = (spans: number) =>
  poll_until(async () => (await metrics.render()).includes(`forward_spans_total{outcome="sent"} ${spans}\n`), {
    what: `${spans} spans sent`,
  });

describe("a forwarder", () => {
  it("sends what is queued and what comes, in order, and goes on behind it after a restart", async () => {
    await using to = await start_receivers({ api_keys: ["a-key-of-24-characters-ok"] });
    const headers = { "x-api-key": "a-key-of-24-characters-ok" };
    await queue("a", "b");
    {
      await using forwarder = start(to.http_url, 1e9, headers);
      await until_names(to, ["a", "b"]);
      await queue("c");
      forwarder.wake();
      await until_names(to, ["a", "b", "c"]);
      // Ended before it has the answer, it would send the last one again.
      await until_sent(3);
    }
    await queue("d");
    await using _again = start(to.http_url, 1e9, headers);
    await until_names(to, ["a", "b", "c", "d"]);
    await until_sent(1);
  });

  it("waits for a collector that is away, and loses nothing", async () => {
    const away = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response("busy", { status: 503, headers: { "retry-after": "0" } }),
    });
    await queue("a");
    await using _forwarder = start(`http://127.0.0.1:${away.port}`);
    await poll_until(() => logged.lines.some(({ msg }) => msg.includes("forwarding fails")), { what: "a failure" });
    expect(done).toEqual([]);
    const received: Uint8Array[] = [];
    away.reload({
      fetch: async (request) => {
        received.push(Bun.gunzipSync(new Uint8Array(await request.arrayBuffer())));
        return new Response();
      },
    });
    await poll_until(() => received.length === 1, { what: "the request" });
    expect(names_in(received)).toEqual(["a"]);
    await poll_until(() => logged.lines.some(({ msg }) => msg === "forwarding works again"), { what: "an all-clear" });
    await away.stop(true);
  });

  it("leaves out only what is refused for what it is", async () => {
    const received: string[] = [];
    using choosy = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const names = names_in([Bun.gunzipSync(new Uint8Array(await request.arrayBuffer()))]);
        if (names.includes("bad")) return new Response("not this one", { status: 400 });
        received.push(...names);
        return new Response();
      },
    });
    await queue("a", "bad", "b");
    await using _forwarder = start(`http://127.0.0.1:${choosy.port}/custom/path`);
    await poll_until(() => received.length === 2, { what: "the others" });
    expect(received).toEqual(["a", "b"]);
    const is_counted = async () => (await metrics.render()).includes('forward_spans_total{outcome="refused"} 1\n');
    await poll_until(is_counted, { what: "a count" });
    expect(logged.lines.find(({ msg }) => msg.includes("were refused"))).toMatchObject({
      reason: "HTTP 400 not this one",
    });
  });

  it("passes over the oldest when too much waits, and says how much", async () => {
    await queue(...Array.from({ length: 300 }, (_, i) => `${i} ${"x".repeat(4_000)}`));
    await using _forwarder = start("http://127.0.0.1:9", 800_000);
    const passed_over = () => logged.lines.find(({ msg }) => msg.includes("was passed over"));
    await poll_until(() => passed_over() !== undefined, { what: "what is passed over" });
    expect(done.length).toBeGreaterThan(0);
    expect(Number(passed_over()?.spans)).toBeGreaterThan(50);
  });
});

it("a queue forgets only what all its readers are done with", () => {
  const trimmed: number[] = [];
  const gate = new TrimGate(["store", "forwarder"], (through) => trimmed.push(through[15]));
  const key = (number: number) => new Uint8Array(16).fill(number, 15);
  gate.release("store", key(5));
  gate.release("forwarder", key(2));
  gate.release("forwarder", key(7));
  gate.release("store", key(9));
  expect(trimmed).toEqual([2, 5, 7]);
});
