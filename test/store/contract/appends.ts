import { describe, expect, it } from "bun:test";
import { DecodedBatch } from "../../../src/decode/index.ts";
import { new_id, request_bytes, span_init, text_attributes } from "../../support/otlp.ts";
import { append_requests, append_spans, next_key, trace_rows } from "../../support/store.ts";
import { type OpenStore, opened_for_block } from "./opened.ts";

const set_state = (count: number) =>
  Array.from({ length: count }, () => ({
    name: "set_state",
    attributes: text_attributes({ "junjo.state_json_patch": "[]" }),
  }));

/** Each span and patch once, whole batches, and positions. */
export function describe_appends(open: OpenStore): void {
  describe("append", () => {
    const opened = opened_for_block(open);

    it("stores each span and patch once, however often it comes", async () => {
      const body = request_bytes([span_init({ events: set_state(2) }), span_init()]);
      expect(await append_requests(opened.store, body)).toMatchObject({ inserted_spans: 2, inserted_patches: 2 });
      expect(await append_requests(opened.store, body)).toMatchObject({ inserted_spans: 0, inserted_patches: 0 });
    });

    it("keeps the first of two spans with one key in one batch", async () => {
      const span = span_init({ name: "first" });
      expect((await append_spans(opened.store, [span, { ...span, name: "second" }])).inserted_spans).toBe(1);
      expect((await trace_rows(opened.store, span)).map(({ name }) => name)).toEqual(["first"]);
    });

    it("takes more rows than a DuckDB vector holds, in order", async () => {
      const traceId = new_id(16);
      const spans = Array.from({ length: 5_000 }, (_, i) =>
        span_init({ traceId, name: `span ${i}`, startTimeUnixNano: BigInt(i) * 1000n }),
      );
      expect((await append_spans(opened.store, spans)).inserted_spans).toBe(5_000);
      const names = (await trace_rows(opened.store, spans[0])).map(({ name }) => name);
      expect(names).toEqual(spans.map(({ name }) => name).reverse());
    });

    it("keeps the position and the dead letters of a batch without rows", async () => {
      const last_key = next_key();
      const letter = { source: "s2", key: last_key, reason: "malformed", body: Uint8Array.of(1, 2) };
      await opened.store.append(new DecodedBatch(), [letter], { source: "s2", last_key });
      expect(await opened.store.position("s2")).toEqual(Buffer.from(last_key));
    });

    it("moves a source's position on and leaves the others' alone", async () => {
      const [first, second] = [next_key(), next_key()];
      for (const last_key of [first, second])
        await opened.store.append(new DecodedBatch(), [], { source: "s3", last_key });
      expect(await opened.store.position("s3")).toEqual(Buffer.from(second));
      expect(await opened.store.position("never seen")).toBeNull();
    });

    it("leaves nothing of a batch that fails", async () => {
      const span = span_init({ events: set_state(1) });
      const batch = new DecodedBatch();
      batch.decode_request(request_bytes([span]));
      // A dead letter without a reason can't be stored, and comes after the rows in the transaction.
      const unfit = { source: "s4", key: next_key(), reason: null as unknown as string, body: Uint8Array.of(1) };
      const failing = opened.store.append(batch, [unfit], { source: "s4", last_key: next_key() });
      expect(failing).rejects.toMatchObject({ name: "StoreError", code: "constraint" });
      await failing.catch(() => undefined);
      expect(await trace_rows(opened.store, span)).toEqual([]);
      expect(await opened.store.position("s4")).toBeNull();
      // And the store goes on.
      expect((await append_spans(opened.store, [span])).inserted_spans).toBe(1);
    });

    it("runs appends that are called at once one after the other", async () => {
      const results = await Promise.all(
        Array.from({ length: 5 }, () => append_spans(opened.store, [span_init(), span_init()])),
      );
      expect(results.map(({ inserted_spans }) => inserted_spans)).toEqual([2, 2, 2, 2, 2]);
    });
  });
}
