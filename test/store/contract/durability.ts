import { describe, expect, it } from "bun:test";
import { DecodedBatch } from "../../../src/decode/index.ts";
import type { SpanStore } from "../../../src/store/index.ts";
import { hex, new_id, type SpanInit, span_init } from "../../support/otlp.ts";
import { ALL, append_spans, next_key, page_rows, trace_rows } from "../../support/store.ts";
import { temp_dir } from "../../support/temp-dir.ts";
import type { OpenStore } from "./opened.ts";

const spans_of = (traceId: Uint8Array, count: number): SpanInit[] =>
  Array.from({ length: count }, () => span_init({ traceId }));

const text_of = (key: Uint8Array | null): string | null => (key === null ? null : hex(key));

const durable = (store: SpanStore, source = "test"): string | null => text_of(store.durable_position(source));

const by_id = ({ spanId }: SpanInit): string => hex(spanId as Uint8Array);

async function expect_trace(store: SpanStore, traceId: Uint8Array, spans: readonly SpanInit[]): Promise<void> {
  const rows = await trace_rows(store, { traceId });
  expect(rows.map(({ span_id }) => span_id).sort()).toEqual(spans.map(by_id).sort());
}

/** What stays, from when on, what goes, and what is said once it is over. */
export function describe_durability(open: OpenStore): void {
  describe("what was sealed", () => {
    it("is there when the store is opened again, and so is the position behind which its source goes on", async () => {
      using directory = temp_dir();
      const traceId = new_id(16);
      const spans = spans_of(traceId, 20);
      let position: Uint8Array | null;
      {
        await using store = await open(directory.path);
        expect([durable(store), await store.position("test")]).toEqual([null, null]);
        await append_spans(store, spans);
        await store.seal();
        position = await store.position("test");
        expect(position).not.toBeNull();
        expect(durable(store)).toBe(text_of(position));
      }
      for (let again = 0; again < 2; again++) {
        await using store = await open(directory.path);
        await store.warm_up(1_000);
        expect([durable(store), text_of(await store.position("test"))]).toEqual([text_of(position), text_of(position)]);
        await expect_trace(store, traceId, spans);
        // A source whose own note of the position was lost begins before it.
        expect(await append_spans(store, spans)).toMatchObject({ inserted_spans: 0, duplicate_spans: 20 });
        position = await store.position("test");
      }
    });

    it("is that of every source, each up to its own position", async () => {
      using directory = temp_dir();
      await using store = await open(directory.path);
      const keys = [next_key(), next_key(), next_key()];
      for (const [index, last_key] of keys.entries()) {
        await store.append(new DecodedBatch(), [], { source: `source ${index % 2}`, last_key });
      }
      await store.seal();
      const positions = ["source 0", "source 1"].map((source) => durable(store, source));
      expect(positions).toEqual([hex(keys[2]), hex(keys[1])]);
    });

    it("and the rows that came after it are one", async () => {
      using directory = temp_dir();
      await using store = await open(directory.path);
      const traceId = new_id(16);
      const spans = spans_of(traceId, 30);
      for (const end of [10, 20, 30]) {
        // Some of them again.
        await append_spans(store, spans.slice(Math.max(0, end - 15), end));
        if (end < 30) await store.seal();
      }
      await expect_trace(store, traceId, spans);
      await store.tidy();
      await expect_trace(store, traceId, spans);
    });
  });

  describe("a trace that is deleted", () => {
    it("is gone from every answer, for good, and no other is", async () => {
      using directory = temp_dir();
      const [gone, kept] = [new_id(16), new_id(16)];
      const [gone_spans, kept_spans] = [spans_of(gone, 6), spans_of(kept, 6)];
      {
        await using store = await open(directory.path);
        await append_spans(store, [...gone_spans.slice(3), ...kept_spans.slice(3)]);
        await store.seal();
        await append_spans(store, [...gone_spans.slice(0, 3), ...kept_spans.slice(0, 3)]);
        expect(await store.delete_trace(hex(gone))).toBe(6);
        expect(await store.delete_trace(hex(gone))).toBe(0);
      }
      await using store = await open(directory.path);
      await expect_trace(store, gone, []);
      await expect_trace(store, kept, kept_spans);
      for (const span of gone_spans) expect(await store.span(hex(gone), by_id(span))).toBeNull();
      const listed = await page_rows(store.list("roots", "shop", ALL));
      expect(new Set(listed.map(({ trace_id }) => trace_id))).toEqual(new Set([hex(kept)]));
      // What is sent once more is new.
      expect((await append_spans(store, gone_spans)).inserted_spans).toBe(6);
      await expect_trace(store, gone, gone_spans);
    });
  });

  describe("a store that is closed", () => {
    it("refuses every call, and may be closed again", async () => {
      using directory = temp_dir();
      const store = await open(directory.path);
      await append_spans(store, [span_init()]);
      await store[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      const calls: Record<string, () => Promise<unknown>> = {
        append: () => append_spans(store, [span_init()]),
        seal: () => store.seal(),
        delete_trace: () => store.delete_trace("ab".repeat(16)),
        tidy: () => store.tidy(),
        position: () => store.position("test"),
        service_names: () => store.service_names(ALL),
        list: () => store.list("roots", "shop", ALL),
        trace_spans: () => store.trace_spans("ab".repeat(16), ALL),
        span: () => store.span("ab".repeat(16), "cd".repeat(8)),
        sql: () => store.sql("SELECT 1"),
      };
      for (const [name, call] of Object.entries(calls)) {
        const outcome = await call().catch((error: unknown) => error);
        expect([name, outcome]).toMatchObject([name, { name: "StoreError", code: "closed" }]);
      }
    });
  });
}
