import { describe, expect, it } from "bun:test";
import type { PendingRange, PendingSpan, SpanStore } from "../../../src/store/index.ts";
import { capture_body } from "../../support/captures.ts";
import { event_init, hex, new_id, type SpanInit, span_init, text_attributes } from "../../support/otlp.ts";
import { ALL, append_requests, append_spans, page_rows, type Row, trace_rows } from "../../support/store.ts";
import { temp_dir } from "../../support/temp-dir.ts";
import { type OpenStore, opened_for_block } from "./opened.ts";

const MINUTE_NS = 60_000_000_000n;

/** The record that the span has started. */
const start_of = (span: SpanInit): SpanInit => ({ ...span, endTimeUnixNano: 0n });

const pending_of = (store: SpanStore, range: Partial<PendingRange> = {}): Promise<PendingSpan[]> =>
  store.pending_spans({ service_name: null, trace_id: null, limit: 1_000, ...range });

const of_trace = ({ traceId }: SpanInit): Partial<PendingRange> => ({ trace_id: hex(traceId as Uint8Array) });

const ids_of = (spans: readonly { span_id: string }[]): string[] => spans.map(({ span_id }) => span_id);
const id_of = ({ spanId }: SpanInit): string => hex(spanId as Uint8Array);

/** What is known of a span between its start and its end. */
export function describe_pending(open: OpenStore): void {
  describe("a span that has not ended", () => {
    const opened = opened_for_block(open);

    it("is held apart from the rows, as its start record says it, and gives way to its end", async () => {
      const { store } = opened;
      const parentSpanId = new_id(8);
      const span = span_init({ parentSpanId, attributes: text_attributes({ "junjo.span_type": "node", a: "1" }) });
      const started = await append_spans(store, [start_of(span)]);
      expect(started).toEqual({ inserted_spans: 0, inserted_patches: 0, duplicate_spans: 0, started_spans: 1 });
      expect(await trace_rows(store, span)).toEqual([]);
      const [pending, ...others] = await pending_of(store, of_trace(span));
      expect(others).toEqual([]);
      expect(pending).toMatchObject({ span_id: id_of(span), parent_span_id: hex(parentSpanId), service_name: "shop" });
      expect(pending.start_us).toBe((span.startTimeUnixNano as bigint) / 1000n);

      expect(await append_spans(store, [span])).toMatchObject({ inserted_spans: 1, duplicate_spans: 0 });
      expect(await pending_of(store, of_trace(span))).toEqual([]);
      const [row] = await trace_rows(store, span);
      expect(JSON.parse(pending.json)).toEqual({ ...row, end_time: null, end_time_nanosecond: 0 });
    });

    it("is not held when its end was there first, sealed or not, or comes with it", async () => {
      const { store } = opened;
      const [sealed, ended, after, before] = Array.from({ length: 4 }, () => span_init());
      await append_spans(store, [sealed]);
      await store.seal();
      await append_spans(store, [ended]);
      const batch = [start_of(sealed), start_of(ended), after, start_of(after), start_of(before), before];
      expect(await append_spans(store, batch)).toMatchObject({ inserted_spans: 2, duplicate_spans: 4 });
      for (const span of [sealed, ended, after, before]) {
        expect(await pending_of(store, of_trace(span))).toEqual([]);
        expect(ids_of(await trace_rows(store, span))).toEqual([id_of(span)]);
      }
    });

    it("is held once, as it was told last", async () => {
      const { store } = opened;
      const span = span_init();
      await append_spans(store, [start_of(span)]);
      await append_spans(store, [start_of({ ...span, name: "said again" })]);
      const pending = await pending_of(store, of_trace(span));
      expect(pending.map(({ json }) => (JSON.parse(json) as { name: string }).name)).toEqual(["said again"]);
    });

    it("is known from Logfire's record too, which is a span below it", async () => {
      const { store } = opened;
      const [root, parent] = [span_init(), new_id(8)];
      const record = (span: SpanInit, parent_id: string) =>
        ({
          ...span,
          spanId: new_id(8),
          parentSpanId: span.spanId as Uint8Array,
          endTimeUnixNano: span.startTimeUnixNano as bigint,
          attributes: text_attributes({ "logfire.span_type": "pending_span", "logfire.pending_parent_id": parent_id }),
        }) as SpanInit;
      const child = span_init({ traceId: root.traceId, parentSpanId: parent });
      await append_spans(store, [record(root, "0000000000000000"), record(child, hex(parent))]);
      const pending = await pending_of(store, of_trace(root));
      expect(pending.map(({ span_id, parent_span_id }) => [span_id, parent_span_id])).toEqual([
        [id_of(child), hex(parent)],
        [id_of(root), null],
      ]);
      expect(await append_spans(store, [child, root])).toMatchObject({ inserted_spans: 2 });
      expect(await pending_of(store, of_trace(root))).toEqual([]);
    });

    it.each(["logfire-5.4.0", "python-1.45.2"])("is known from what %s sends", async (sdk) => {
      const { store } = opened;
      const [starts, ends] = [1, 2].map((request) => capture_body(`started/${sdk}-${request}.pb`));
      expect(await append_requests(store, starts)).toMatchObject({ inserted_spans: 0, started_spans: 2 });
      const [step, run] = (await pending_of(store)).map(({ json }) => JSON.parse(json) as Row);
      expect([step.name, run.name]).toEqual(["step", expect.stringContaining("run")]);
      expect([step.parent_span_id, run.parent_span_id]).toEqual([run.span_id, null]);
      expect(await append_requests(store, ends)).toMatchObject({ inserted_spans: 2, duplicate_spans: 0 });
      expect(await pending_of(store, { trace_id: run.trace_id })).toEqual([]);
      const ended = await page_rows(store.trace_spans(run.trace_id, ALL));
      expect(ids_of(ended).sort()).toEqual(ids_of([run, step]).sort());
    });

    it("leaves its state patches to its end", async () => {
      const { store } = opened;
      const events = [event_init("set_state", { "junjo.state_json_patch": "[]", "junjo.store.id": "s" })];
      const span = span_init({ events });
      expect(await append_spans(store, [start_of(span)])).toMatchObject({ inserted_patches: 0 });
      expect(await append_spans(store, [span])).toMatchObject({ inserted_patches: 1 });
    });

    it("is asked for by service and trace, newest first, so many of them", async () => {
      const { store } = opened;
      const traceId = new_id(16);
      const spans = Array.from({ length: 4 }, () => span_init({ traceId }));
      await append_spans(store, spans.map(start_of), "asked for");
      await append_spans(store, [start_of(span_init())], "another");
      const newest_first = spans.map(id_of).reverse();
      expect(ids_of(await pending_of(store, { service_name: "asked for" }))).toEqual(newest_first);
      expect(ids_of(await pending_of(store, { service_name: "asked for", limit: 2 }))).toEqual(
        newest_first.slice(0, 2),
      );
      expect(await pending_of(store, { service_name: "another", trace_id: hex(traceId) })).toEqual([]);
    });

    it("goes with its trace", async () => {
      const { store } = opened;
      const traceId = new_id(16);
      await append_spans(store, [start_of(span_init({ traceId })), span_init({ traceId })]);
      expect(await store.delete_trace(hex(traceId))).toBe(2);
      expect(await pending_of(store, { trace_id: hex(traceId) })).toEqual([]);
    });

    it("never ended when nothing more was heard of it and its service has gone on", async () => {
      const { store } = opened;
      const now = BigInt(Date.now()) * 1_000_000n;
      const at = (minutes: bigint, init: SpanInit = {}): SpanInit => {
        const startTimeUnixNano = now + minutes * MINUTE_NS;
        return span_init({ ...init, startTimeUnixNano, endTimeUnixNano: startTimeUnixNano + 1_000_000n });
      };
      const [quiet, talking, recent] = [at(-30n), at(-30n), at(-3n)];
      const child = at(-2n, { traceId: talking.traceId, parentSpanId: talking.spanId });
      await append_spans(store, [quiet, talking, recent].map(start_of), "going on");
      await append_spans(store, [child], "going on");
      const states = async () =>
        Object.fromEntries(
          (await pending_of(store, { service_name: "going on" })).map(({ span_id, state }) => [span_id, state]),
        );
      const [of_quiet, of_talking, of_recent] = [quiet, talking, recent].map(id_of);
      // The newest root is one of themselves.
      expect(await states()).toEqual({ [of_quiet]: "never_ended", [of_talking]: "running", [of_recent]: "running" });
      await append_spans(store, [at(-1n)], "going on");
      // A minute without a word is none too many.
      expect(await states()).toEqual({ [of_quiet]: "never_ended", [of_talking]: "running", [of_recent]: "running" });
    });

    it("is there when the store is opened again, until its end has come", async () => {
      using directory = temp_dir();
      const [ending, open_still] = [span_init(), span_init()];
      {
        await using store = await open(directory.path);
        await append_spans(store, [start_of(ending), start_of(open_still)]);
        await store.seal();
      }
      {
        await using store = await open(directory.path);
        expect(ids_of(await pending_of(store))).toEqual([id_of(open_still), id_of(ending)]);
        await append_spans(store, [ending]);
      }
      await using store = await open(directory.path);
      expect(ids_of(await pending_of(store))).toEqual([id_of(open_still)]);
      await store.delete_trace(hex(open_still.traceId as Uint8Array));
      expect(await pending_of(store)).toEqual([]);
    });
  });
}
