import { describe, expect, it } from "bun:test";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { create_metrics } from "../../src/observe/index.ts";
import { CursorFile, open_queue_source, start_poller } from "../../src/poll/index.ts";
import { open_wal } from "../../src/wal/index.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { hex, request_bytes, type SpanInit, span_init } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { open_test_store, page_rows } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

const ALL = { limit: null, offset: 0 };

async function start_pipeline(directory: string) {
  await using starting = new AsyncDisposableStack();
  const queue = join(directory, "wal");
  let wake = () => {};
  const wal = starting.use(
    open_wal({ directory: queue, bytes_max: 1 << 30, disk_free_bytes_min: 0, on_commit: () => wake() }),
  );
  const store = starting.use(await open_test_store(directory));
  const cursor = starting.use(new CursorFile(join(directory, "poller.sqlite")));
  const source = starting.use(open_queue_source(queue, (through) => wal.trim(through)));
  wake = () => source.wake();
  const { logger, lines } = collecting_logger();
  const poller = start_poller({ source, store, cursor, logger, metrics: create_metrics() });
  starting.defer(() => poller.stop());
  const parts = starting.move();
  const stored = async () => (await page_rows(store.list("roots", "shop", ALL))).map(({ span_id }) => span_id);
  return { wal, store, cursor, lines, stored, [Symbol.asyncDispose]: () => parts.disposeAsync() };
}

const spans = (count: number): SpanInit[] => Array.from({ length: count }, () => span_init());

describe("polling the queue of this process", () => {
  it("takes back what the queue holds when the database file is removed under it", async () => {
    using directory = temp_dir();
    await using pipeline = await start_pipeline(directory.path);
    const are_stored = (count: number) =>
      poll_until(async () => (await pipeline.stored().catch(() => [])).length === count, { what: `${count} spans` });
    await pipeline.wal.append(request_bytes(spans(3)), 3);
    await are_stored(3);
    const path = join(directory.path, "traces.duckdb");
    for (const file of [path, `${path}.wal`]) rmSync(file, { force: true });
    await pipeline.wal.append(request_bytes(spans(1)), 1);
    await are_stored(4);
    expect(existsSync(path)).toBe(true);
    expect(pipeline.lines.map(({ msg }) => msg)).toContain("polling goes well again");
  });

  it("gives back the queue's space once rows are on disk, and not before", async () => {
    using directory = temp_dir();
    await using pipeline = await start_pipeline(directory.path);
    await pipeline.wal.append(request_bytes(spans(3)), 3);
    await poll_until(async () => (await pipeline.stored()).length === 3, { what: "the spans" });
    expect(pipeline.wal.queued_bytes).toBeGreaterThan(0);
    await pipeline.store.seal();
    await poll_until(() => pipeline.wal.queued_bytes === 0, { what: "the space" });
  });

  it("makes an accepted span visible well within a second of being told", async () => {
    using directory = temp_dir();
    await using pipeline = await start_pipeline(directory.path);
    await pipeline.wal.append(request_bytes(spans(1)), 1);
    const stored = async () => (await pipeline.stored()).length === 1;
    await poll_until(stored, { deadline_ms: 1_000, what: "the span" });
  });

  it("stores each span once across restarts in which more arrives", async () => {
    using directory = temp_dir();
    const sent: string[] = [];
    for (let round = 0; round < 3; round++) {
      await using pipeline = await start_pipeline(directory.path);
      for (let request = 0; request < 10; request++) {
        const batch = spans(7);
        await pipeline.wal.append(request_bytes(batch), batch.length);
        sent.push(...batch.map(({ spanId }) => hex(spanId as Uint8Array)));
      }
      // The last round waits for everything; the others stop wherever they are.
      if (round === 2)
        await poll_until(async () => (await pipeline.stored()).length === sent.length, { what: "all spans" });
      if (round === 2) expect((await pipeline.stored()).sort()).toEqual([...sent].sort());
    }
  });

  it("keeps only the span at fault of a queued request as a dead letter", async () => {
    using directory = temp_dir();
    await using pipeline = await start_pipeline(directory.path);
    const batch = [...spans(3), span_init({ traceId: new Uint8Array(16) }), ...spans(2)];
    await pipeline.wal.append(request_bytes(batch), batch.length);
    await poll_until(async () => (await pipeline.stored()).length === 5, { what: "the other spans" });
    const letters = pipeline.lines.filter(({ msg }) => msg === "record kept in dead_letters");
    expect(letters.map(({ reason }) => reason)).toEqual(["bad_id: trace_id is all zeros"]);
  });

  it("takes a backlog of many requests, larger than one batch", async () => {
    using directory = temp_dir();
    const queue = join(directory.path, "wal");
    {
      await using wal = open_wal({ directory: queue, bytes_max: 1 << 30, disk_free_bytes_min: 0 });
      const requests = Array.from({ length: 60 }, () => request_bytes(spans(400)));
      await Promise.all(requests.map((request) => wal.append(request, 400)));
    }
    await using pipeline = await start_pipeline(directory.path);
    await poll_until(async () => (await pipeline.stored()).length === 24_000, {
      deadline_ms: 30_000,
      what: "the backlog",
    });
  });
});
