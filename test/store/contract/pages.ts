import { describe, expect, it } from "bun:test";
import type { RowKey, SpanPage, SpanStore } from "../../../src/store/index.ts";
import { new_id, type SpanInit, span_init, text_attributes } from "../../support/otlp.ts";
import { ALL, append_spans, page_rows, trace_rows } from "../../support/store.ts";
import { temp_dir } from "../../support/temp-dir.ts";
import { type OpenStore, opened_for_block } from "./opened.ts";

const LARGE_BYTES = 75_000;
const LARGE_COUNT = 120;
const TRACES = 40;
const SPANS_PER_TRACE = 20;

const large_text = () => Buffer.from(crypto.getRandomValues(new Uint8Array(LARGE_BYTES))).toString("base64");
const numbered = (count: number, prefix = "") =>
  Array.from({ length: count }, (_, number) => span_init({ name: `${prefix}${number}` }));
const newest_first = (spans: readonly SpanInit[]) => spans.map(({ name }) => name as string).reverse();
const name_of = (row: string) => (JSON.parse(row) as { name: string }).name;

/** What a page holds while it is read, and while the store changes. */
export function describe_pages(open: OpenStore): void {
  describe("a page", () => {
    const opened = opened_for_block(open);

    it("of large rows comes whole and in order, just appended or sealed", async () => {
      const { store } = opened;
      const texts = Array.from({ length: LARGE_COUNT }, large_text);
      const spans = texts.map((text) => span_init({ attributes: text_attributes({ text }) }));
      await append_spans(store, spans, "large");
      const found = async () =>
        (await page_rows(store.list("roots", "large", ALL))).map(({ attributes_json }) => attributes_json);
      const wanted = texts.map((text) => ({ text })).reverse();
      expect(await found()).toEqual(wanted);
      await store.seal();
      expect(await found()).toEqual(wanted);
    });

    it("is what it was when it was asked for, however slowly it is read", async () => {
      const { store } = opened;
      const spans = numbered(500);
      await append_spans(store, spans, "slow");
      const { rows } = await store.list("roots", "slow", ALL);
      const names = [name_of((await rows.next()).value as string)];
      for (const name of ["newer", "newest"]) {
        await append_spans(store, [span_init({ name })], "slow");
        await store.seal();
      }
      await store.tidy();
      for await (const row of rows) names.push(name_of(row));
      expect(names).toEqual(newest_first(spans));
    });
  });

  describe("questions beside appends", () => {
    it("see each trace whole once its append has resolved, and walk lists without gap or overlap", async () => {
      using directory = temp_dir();
      await using store = await open(directory.path, { hot_rows_max: 100 });
      await append_spans(store, numbered(120, "before "));
      const appended: SpanInit[] = [];
      let is_over = false;
      const appending = append_traces(store, appended).finally(() => (is_over = true));
      const ask = async () => {
        const known = appended.at(-1);
        if (known !== undefined) expect(await trace_rows(store, known)).toHaveLength(SPANS_PER_TRACE);
        const names = await walk(store);
        expect(new Set(names).size).toBe(names.length);
        expect(names.filter((name) => name.startsWith("before"))).toHaveLength(120);
        // As between two requests: a store may answer without ever waiting for anything.
        await new Promise(setImmediate);
        return is_over;
      };
      while (!(await ask()));
      await appending;
      for (const span of appended) expect(await trace_rows(store, span)).toHaveLength(SPANS_PER_TRACE);
      expect(await walk(store)).toHaveLength(120 + TRACES);
    }, 30_000);
  });
}

/** Traces one after the other, each with newer spans than the one before; the store is sealed and tidied now and then. */
async function append_traces(store: SpanStore, appended: SpanInit[]): Promise<void> {
  for (let turn = 0; turn < TRACES; turn++) {
    const [traceId, spanId] = [new_id(16), new_id(8)];
    const root = span_init({ traceId, spanId, name: `during ${turn}` });
    const children = Array.from({ length: SPANS_PER_TRACE - 1 }, () => span_init({ traceId, parentSpanId: spanId }));
    await append_spans(store, [root, ...children]);
    appended.push(root);
    if (turn % 8 === 7) await store.seal();
    if (turn % 16 === 15) await store.tidy();
  }
}

/** The names of all roots, by cursors. */
async function walk(store: SpanStore): Promise<string[]> {
  const names: string[] = [];
  let after: RowKey | null = null;
  do {
    const page: SpanPage = await store.list("roots", "shop", { limit: 25, offset: 0, after });
    names.push(...(await page_rows(page)).map(({ name }) => String(name)));
    after = page.next;
  } while (after !== null);
  return names;
}
