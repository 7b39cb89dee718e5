import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HotMemoryPool } from "../../src/store/duckdb/hot/hot-memory-pool.ts";
import { open_store, type SpanStore, type StoreOptions } from "../../src/store/index.ts";
import { collecting_logger, type LogLine } from "../support/collecting-logger.ts";
import { new_id, type SpanInit, span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { append_spans, page_rows, STORE_OPTIONS } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const ALL = { limit: null, offset: 0 };

let directory: TempDir;
let lines: LogLine[];
beforeEach(() => {
  directory = temp_dir();
});
afterEach(() => directory[Symbol.dispose]());

function open(options: Partial<StoreOptions> = {}): Promise<SpanStore> {
  const { logger, lines: collected } = collecting_logger();
  lines = collected;
  return open_store({ path: join(directory.path, "traces.duckdb"), ...STORE_OPTIONS, ...options }, logger);
}

const named = (count: number, name: string, init: SpanInit = {}): SpanInit[] =>
  Array.from({ length: count }, (_, i) => span_init({ traceId: new_id(16), name: `${name} ${i}`, ...init }));

const names = async (store: SpanStore): Promise<string[]> =>
  (await page_rows(store.list("roots", "shop", ALL))).map(({ name }) => String(name)).sort();

const names_of = (...spans: SpanInit[][]): string[] =>
  spans.flatMap((some) => some.map(({ name }) => String(name))).sort();

const set_state = { name: "set_state", attributes: text_attributes({ "junjo.state_json_patch": "[]" }) };

describe("a batch that is larger than the hot tier's usual room", () => {
  it.each([
    ["rows", { hot_rows_max: 20 }, named(300, "many")],
    ["patches", { hot_rows_max: 20 }, named(10, "patched", { events: Array.from({ length: 30 }, () => set_state) })],
    [
      "bytes",
      { source_bytes_max: 50_000 },
      named(10, "long", { attributes: text_attributes({ text: "x".repeat(30_000) }) }),
    ],
  ])("by its %s is taken whole, between others, and sealed", async (_what, options, spans) => {
    const [before, after] = [named(3, "before"), named(3, "after")];
    {
      await using store = await open(options);
      for (const some of [before, spans, after]) {
        expect((await append_spans(store, some)).inserted_spans).toBe(some.length);
        expect((await append_spans(store, some)).duplicate_spans).toBe(some.length);
      }
      expect(await names(store)).toEqual(names_of(before, spans, after));
      await store.seal();
      expect(await names(store)).toEqual(names_of(before, spans, after));
    }
    await using store = await open(options);
    expect(await names(store)).toEqual(names_of(before, spans, after));
    const patches = spans.reduce((sum, { events = [] }) => sum + events.length, 0);
    expect((await store.sql("SELECT count(*)::INTEGER FROM state_patches")).rows).toEqual([[patches]]);
  });
});

describe("memory that was given back", () => {
  it("is taken again, as far as it is of the usual size", () => {
    using pool = new HotMemoryPool({ spans: 100, patches: 100, text_bytes: 10_000 });
    const [first, large] = [
      pool.take({ spans: 0, patches: 0, text_bytes: 0 }),
      pool.take({ spans: 101, patches: 0, text_bytes: 0 }),
    ];
    expect(large.capacity).toEqual({ spans: 101, patches: 100, text_bytes: 10_000 });
    pool.put_back(large);
    pool.put_back(first);
    expect(pool.take({ spans: 100, patches: 1, text_bytes: 1 })).toBe(first);
    expect(pool.take({ spans: 1, patches: 1, text_bytes: 1 })).not.toBe(large);
  });

  it("shows nothing of the rows that were in it", async () => {
    await using store = await open();
    const full = { parentSpanId: new_id(8), attributes: text_attributes({ "junjo.id": "j".repeat(50) }), flags: 7 };
    for (let round = 0; round < 5; round++) {
      const spans =
        round % 2 === 0 ? named(50, `full ${round}`, full) : named(20, `bare ${round}`, { endTimeUnixNano: 1n });
      await append_spans(store, spans, `service ${round}`);
      const select = `SELECT name, junjo_id, parent_span_id IS NULL, trace_flags FROM spans WHERE service_name = 'service ${round}'`;
      const wanted = spans.map(({ name }) =>
        round % 2 === 0 ? [name, "j".repeat(50), false, 7] : [name, null, true, 0],
      );
      const by_name = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
      expect((await store.sql(select)).rows.sort(by_name)).toEqual(wanted.sort(by_name));
      await store.seal();
      expect((await store.sql(select)).rows.sort(by_name)).toEqual(wanted);
    }
  });

  it("is not given back while a page of it is read", async () => {
    await using store = await open({ hot_rows_max: 200 });
    const spans = named(150, "read slowly", { attributes: text_attributes({ text: "t".repeat(1_000) }) });
    await append_spans(store, spans);
    const page = await store.list("roots", "shop", ALL);
    const first = await page.rows.next();
    // Memory goes round while most of the page is still to be read.
    for (let round = 0; round < 4; round++) {
      await append_spans(store, named(150, `other ${round}`), "others");
      await store.seal();
    }
    const rest = await page_rows({ ...page, rows: page.rows });
    const read = [JSON.parse(String(first.value)) as { name: string }, ...rest].map(({ name }) => String(name));
    expect(read.sort()).toEqual(names_of(spans));
  });
});

describe("tables for SQL", () => {
  it("have each row once, however often they are filled while rows come", async () => {
    await using store = await open({ hot_rows_max: 700 });
    const appended: SpanInit[][] = [];
    const count = async () => Number((await store.sql("SELECT count(*)::INTEGER FROM spans")).rows[0][0]);
    for (let round = 0; round < 30; round++) {
      const spans = named(50 + round, `round ${round}`, { events: [set_state] });
      const asked = [count(), count()];
      const before = appended.flat().length;
      await append_spans(store, spans);
      appended.push(spans);
      for (const found of await Promise.all(asked)) expect([before, before + spans.length]).toContain(found);
      expect(await count()).toBe(before + spans.length);
    }
    const { rows } = await store.sql(
      "SELECT name, count(*)::INTEGER FROM spans JOIN state_patches USING (trace_id, span_id) GROUP BY name",
    );
    expect(rows.map(([name]) => String(name)).sort()).toEqual(names_of(...appended));
    expect(new Set(rows.map(([, matches]) => matches))).toEqual(new Set([1]));
  });
});

describe("rows that can't be sealed", () => {
  it("stay, are tried again, and go to disk once they can", async () => {
    const segments = join(directory.path, "segments");
    const [early, late] = [named(60, "early"), named(60, "late")];
    await using store = await open({ hot_rows_max: 50 });
    rmSync(segments, { recursive: true, force: true });
    // Whoever the process runs as, there is no directory to be made in a file.
    writeFileSync(segments, "");
    await append_spans(store, early);
    const sealing = store.seal();
    expect(sealing).rejects.toMatchObject({ name: "StoreError", code: "unavailable" });
    await sealing.catch(() => undefined);
    expect(store.durable_position("test")).toBeNull();
    await append_spans(store, late.slice(0, 10));
    expect(await names(store)).toEqual(names_of(early, late.slice(0, 10)));
    rmSync(segments);
    await poll_until(() => store.durable_position("test") !== null, { what: "the rows on disk" });
    await append_spans(store, late);
    expect(await names(store)).toEqual(names_of(early, late));
    expect(lines.some(({ msg }) => msg.startsWith("rows could not be sealed"))).toBe(true);
  });

  it("are refused when there is no room for more, and nothing of what was taken is lost", async () => {
    const segments = join(directory.path, "segments");
    await using store = await open({ hot_rows_max: 50 });
    rmSync(segments, { recursive: true, force: true });
    writeFileSync(segments, "");
    const taken: SpanInit[][] = [];
    const refused = await poll_until(
      async () => {
        const spans = named(20, `batch ${taken.length}`);
        try {
          await append_spans(store, spans);
          taken.push(spans);
          return false;
        } catch (error) {
          return { error, spans };
        }
      },
      { what: "no room" },
    );
    expect(refused.error).toMatchObject({ name: "StoreError", code: "unavailable" });
    expect(await names(store)).toEqual(names_of(...taken));
    rmSync(segments);
    await store.seal();
    expect(await names(store)).toEqual(names_of(...taken));
    expect((await append_spans(store, refused.spans)).inserted_spans).toBe(20);
  });

  it("because the thread was ended are tried again in another", async () => {
    const started: Worker[] = [];
    const RealWorker = globalThis.Worker;
    globalThis.Worker = class extends RealWorker {
      constructor(...args: ConstructorParameters<typeof RealWorker>) {
        super(...args);
        started.push(this);
      }
    };
    try {
      await using store = await open();
      const spans = named(2_000, "interrupted", { attributes: text_attributes({ text: "x".repeat(2_000) }) });
      await append_spans(store, spans);
      const sealing = store.seal().catch((error: unknown) => error);
      (await poll_until(() => started[0], { what: "a thread" })).terminate();
      const failure = await sealing;
      if (failure !== undefined) expect(failure).toMatchObject({ name: "StoreError", code: "unavailable" });
      await poll_until(() => store.durable_position("test") !== null, { what: "the rows on disk" });
      expect(started.length).toBe(failure === undefined ? 1 : 2);
      expect(await names(store)).toEqual(names_of(spans));
      expect(readdirSync(join(directory.path, "segments")).filter((name) => name.endsWith(".unfinished"))).toEqual([]);
    } finally {
      globalThis.Worker = RealWorker;
    }
  });
});
