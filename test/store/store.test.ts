import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { DecodedBatch } from "../../src/decode/index.ts";
import type { SpanStore } from "../../src/store/index.ts";
import {
  hex,
  request_bytes,
  new_id,
  type SpanInit,
  span_init,
  string_value,
  text_attributes,
} from "../support/otlp.ts";
import { append_requests, append_spans, next_key, open_test_store, page_rows } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const ALL = { limit: null, offset: 0 };
const set_state = (count: number) =>
  Array.from({ length: count }, () => ({
    name: "set_state",
    attributes: text_attributes({ "junjo.state_json_patch": "[]" }),
  }));

let directory: TempDir;
let store: SpanStore;
beforeAll(async () => {
  directory = temp_dir();
  store = await open_test_store(directory.path);
});
afterAll(async () => {
  await store[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

const trace = (span: SpanInit) => page_rows(store.trace_spans(hex(span.traceId as Uint8Array), ALL));

describe("append", () => {
  it("stores each span and patch once, however often it comes", async () => {
    const body = request_bytes([span_init({ events: set_state(2) }), span_init()]);
    expect(await append_requests(store, body)).toMatchObject({ inserted_spans: 2, inserted_patches: 2 });
    expect(await append_requests(store, body)).toMatchObject({ inserted_spans: 0, inserted_patches: 0 });
  });

  it("keeps the first of two spans with one key in one batch", async () => {
    const span = span_init({ name: "first" });
    expect((await append_spans(store, [span, { ...span, name: "second" }])).inserted_spans).toBe(1);
    expect((await trace(span)).map(({ name }) => name)).toEqual(["first"]);
  });

  it("takes more rows than a DuckDB vector holds, in order", async () => {
    const traceId = new_id(16);
    const spans = Array.from({ length: 5_000 }, (_, i) =>
      span_init({ traceId, name: `span ${i}`, startTimeUnixNano: BigInt(i) * 1000n }),
    );
    expect((await append_spans(store, spans)).inserted_spans).toBe(5_000);
    const names = (await trace(spans[0])).map(({ name }) => name);
    expect(names).toEqual(spans.map(({ name }) => name).reverse());
  });

  it("keeps the position and the dead letters of a batch without rows", async () => {
    const last_key = next_key();
    const letter = { source: "s2", key: last_key, reason: "malformed", body: Uint8Array.of(1, 2) };
    await store.append(new DecodedBatch(), [letter], { source: "s2", last_key });
    expect(await store.position("s2")).toEqual(Buffer.from(last_key));
  });

  it("moves a source's position on and leaves the others' alone", async () => {
    const [first, second] = [next_key(), next_key()];
    for (const last_key of [first, second]) await store.append(new DecodedBatch(), [], { source: "s3", last_key });
    expect(await store.position("s3")).toEqual(Buffer.from(second));
    expect(await store.position("never seen")).toBeNull();
  });

  it("leaves nothing of a batch that fails", async () => {
    const span = span_init({ events: set_state(1) });
    const batch = new DecodedBatch();
    batch.decode_request(request_bytes([span]));
    // A dead letter without a reason can't be stored, and comes after the rows in the transaction.
    const unfit = { source: "s4", key: next_key(), reason: null as unknown as string, body: Uint8Array.of(1) };
    const failing = store.append(batch, [unfit], { source: "s4", last_key: next_key() });
    expect(failing).rejects.toMatchObject({ name: "StoreError", code: "constraint" });
    await failing.catch(() => undefined);
    expect(await trace(span)).toEqual([]);
    expect(await store.position("s4")).toBeNull();
    // And the store goes on.
    expect((await append_spans(store, [span])).inserted_spans).toBe(1);
  });

  it("runs appends that are called at once one after the other", async () => {
    const results = await Promise.all(Array.from({ length: 5 }, () => append_spans(store, [span_init(), span_init()])));
    expect(results.map(({ inserted_spans }) => inserted_spans)).toEqual([2, 2, 2, 2, 2]);
  });
});

describe("a span's row", () => {
  it("gives back every field", async () => {
    const span = span_init({
      parentSpanId: new_id(8),
      name: 'näme\u0000 "q"',
      kind: 3,
      traceState: "a=1",
      startTimeUnixNano: 1_795_000_000_123_456_789n,
      endTimeUnixNano: 1_795_000_001_000_000_001n,
      attributes: [
        { key: "big", value: { value: { case: "intValue", value: 9223372036854775807n } } },
        { key: "text", value: string_value("x") },
        ...text_attributes({ "junjo.workflow.state.start": '{"n": 12345678901234567890}', "junjo.id": "j" }),
      ],
      events: [{ name: "e", timeUnixNano: 1_795_000_000_123_456_789n, droppedAttributesCount: 4 }],
      links: [{ traceId: new Uint8Array(16).fill(1), spanId: new Uint8Array(8).fill(2), flags: 4294967295 }],
      status: { code: 2, message: "bad" },
      flags: 4294967295,
      droppedAttributesCount: 4294967295,
    });
    await append_spans(store, [span], "row service");
    const text = await store.span(hex(span.traceId as Uint8Array), hex(span.spanId as Uint8Array));
    expect(text).toContain('"big":9223372036854775807');
    expect(text).toContain('"timeUnixNano":1795000000123456789');
    expect(text).toContain('{"n": 12345678901234567890}');
    expect(JSON.parse(text ?? "")).toMatchObject({
      trace_id: hex(span.traceId as Uint8Array),
      parent_span_id: hex(span.parentSpanId as Uint8Array),
      service_name: "row service",
      name: 'näme\u0000 "q"',
      kind: "CLIENT",
      start_time: "2026-11-18T11:06:40.123456+00:00",
      start_time_nanosecond: 789,
      end_time: "2026-11-18T11:06:41.000000+00:00",
      end_time_nanosecond: 1,
      status_code: "2",
      status_message: "bad",
      trace_flags: 4294967295,
      trace_state: "a=1",
      junjo_id: "j",
      junjo_span_type: null,
      dropped_attributes_count: 4294967295,
      links_json: [{ traceId: "01".repeat(16), spanId: "02".repeat(8), flags: 4294967295 }],
      is_llm: false,
    });
  });

  it("holds times from 1970 to the last that OTLP can say", async () => {
    const span = span_init({ startTimeUnixNano: 0n, endTimeUnixNano: 2n ** 64n - 1n });
    await append_spans(store, [span]);
    expect(await trace(span)).toMatchObject([
      { start_time: "1970-01-01T00:00:00.000000+00:00", end_time: "2554-07-21T23:34:33.709551+00:00" },
    ]);
  });

  it("is null where there is none", async () => {
    expect(await store.span("ab".repeat(16), "cd".repeat(8))).toBeNull();
  });
});

describe("the lists", () => {
  it("find roots, workflows and roots of LLM traces, newest first, ties by id", async () => {
    const start = 1_700_000_000_000_000_000n;
    const roots = Array.from({ length: 6 }, (_, i) =>
      span_init({
        name: `root ${i}`,
        startTimeUnixNano: start + BigInt(i >> 1) * 1000n,
        attributes: text_attributes(i % 3 === 0 ? { "junjo.span_type": "workflow" } : {}),
      }),
    );
    const llm_child = span_init({
      traceId: roots[1].traceId as Uint8Array,
      parentSpanId: roots[1].spanId as Uint8Array,
      attributes: text_attributes({ "openinference.span.kind": "LLM" }),
    });
    await append_spans(store, roots, "lists");
    await append_spans(store, [llm_child], "another service");

    const names = async (page: Parameters<typeof page_rows>[0]) => (await page_rows(page)).map(({ name }) => name);
    const newest_first = ["root 4", "root 5", "root 2", "root 3", "root 0", "root 1"];
    expect(await names(store.list("roots", "lists", ALL))).toEqual(newest_first);
    expect(await names(store.list("llm_roots", "lists", ALL))).toEqual(["root 1"]);
    expect(await names(store.list("workflows", "lists", ALL))).toEqual(["root 3", "root 0"]);
    expect(await names(store.list("roots", "no such service", ALL))).toEqual([]);
    expect((await store.service_names(ALL)).names).toContain("another service");
  });

  it("page without gap or overlap, and say when there is more", async () => {
    await append_spans(
      store,
      Array.from({ length: 600 }, () => span_init()),
      "paged",
    );
    const seen: string[] = [];
    let has_more = true;
    for (let offset = 0; has_more; offset += 250) {
      const page = await store.list("roots", "paged", { limit: 250, offset });
      has_more = page.has_more;
      seen.push(...(await page_rows(page)).map(({ span_id }) => span_id));
    }
    expect(seen.length).toBe(600);
    expect(new Set(seen).size).toBe(600);
    expect((await store.list("roots", "paged", { limit: 600, offset: 0 })).has_more).toBe(false);
    expect(await page_rows(store.list("roots", "paged", { limit: 10, offset: 600 }))).toEqual([]);
  });

  it("give service names ascending and distinct", async () => {
    for (const name of ["zeta", "alpha", "zeta"]) await append_spans(store, [span_init()], name);
    const { names, has_more } = await store.service_names(ALL);
    expect(names).toEqual([...new Set(names)].sort());
    expect(has_more).toBe(false);
    expect(await store.service_names({ limit: 1, offset: 0 })).toEqual({ names: names.slice(0, 1), has_more: true });
  });
});
