import { describe, expect, it } from "bun:test";
import type { RowKey, SpanPage } from "../../../src/store/index.ts";
import { hex, new_id, span_init, text_attributes } from "../../support/otlp.ts";
import { ALL, append_spans, page_rows } from "../../support/store.ts";
import { type OpenStore, opened_for_block } from "./opened.ts";

/** Which rows a list has, in which order, and its pages. */
export function describe_lists(open: OpenStore): void {
  describe("the lists", () => {
    const opened = opened_for_block(open);

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
      await append_spans(opened.store, roots, "lists");
      await append_spans(opened.store, [llm_child], "another service");
      const child = span_init({ ...llm_child, spanId: new_id(8), name: "child", startTimeUnixNano: start - 1_000n });
      await append_spans(opened.store, [child], "lists");

      const names = async (page: Parameters<typeof page_rows>[0]) => (await page_rows(page)).map(({ name }) => name);
      const newest_first = ["root 4", "root 5", "root 2", "root 3", "root 0", "root 1"];
      expect(await names(opened.store.list("roots", "lists", ALL))).toEqual(newest_first);
      expect(await names(opened.store.list("llm_roots", "lists", ALL))).toEqual(["root 1"]);
      expect(await names(opened.store.list("workflows", "lists", ALL))).toEqual(["root 3", "root 0"]);
      const with_child = ["root 4", "root 5", "root 2", "root 3", "root 0", "root 1", "child"];
      expect(await names(opened.store.list("spans", "lists", ALL))).toEqual(with_child);
      expect(await names(opened.store.list("spans", "lists", { limit: 2, offset: 5 }))).toEqual(["root 1", "child"]);
      expect(await names(opened.store.list("roots", "no such service", ALL))).toEqual([]);
      expect((await opened.store.service_names(ALL)).names).toContain("another service");
    });

    it("page without gap or overlap, and say when there is more", async () => {
      await append_spans(
        opened.store,
        Array.from({ length: 600 }, () => span_init()),
        "paged",
      );
      const seen: string[] = [];
      let has_more = true;
      for (let offset = 0; has_more; offset += 250) {
        const page = await opened.store.list("roots", "paged", { limit: 250, offset });
        has_more = page.has_more;
        seen.push(...(await page_rows(page)).map(({ span_id }) => span_id));
      }
      expect(seen.length).toBe(600);
      expect(new Set(seen).size).toBe(600);
      expect((await opened.store.list("roots", "paged", { limit: 600, offset: 0 })).has_more).toBe(false);
      expect(await page_rows(opened.store.list("roots", "paged", { limit: 10, offset: 600 }))).toEqual([]);
    });

    it("go on behind the last row of a page, whatever comes meanwhile", async () => {
      const { store } = opened;
      // Ties, of which a page may end in the middle.
      const spans = Array.from({ length: 50 }, (_, i) => span_init({ startTimeUnixNano: BigInt(i >> 3) * 1000n }));
      await append_spans(store, spans, "cursor");
      const wanted = (await page_rows(store.list("roots", "cursor", ALL))).map(({ span_id }) => span_id);
      const seen: string[] = [];
      let after: RowKey | null = null;
      do {
        const page: SpanPage = await store.list("roots", "cursor", { limit: 7, offset: 0, after });
        expect(page.next !== null).toBe(page.has_more);
        seen.push(...(await page_rows(page)).map(({ span_id }) => span_id));
        after = page.next;
        // Newer ones stand before what was read.
        await append_spans(store, [span_init()], "cursor");
        await store.seal();
      } while (after !== null);
      expect(seen).toEqual(wanted);
    });

    it("have the rows that start in a range, both ends included", async () => {
      const { store } = opened;
      const traceId = new_id(16);
      const spans = [10, 20, 30, 40].map((us) =>
        span_init({ traceId, name: `at ${us}`, startTimeUnixNano: BigInt(us) * 1000n + 999n }),
      );
      await append_spans(store, spans, "range");
      for (const [since_us, until_us, wanted] of [
        [20n, 30n, ["at 30", "at 20"]],
        [21n, null, ["at 40", "at 30"]],
        [null, 19n, ["at 10"]],
        [31n, 39n, []],
      ] as const) {
        const range = { ...ALL, since_us, until_us };
        for (const page of [store.list("roots", "range", range), store.trace_spans(hex(traceId), range)]) {
          expect((await page_rows(page)).map(({ name }) => name)).toEqual([...wanted]);
        }
      }
    });

    it("have the rows of a service whatever its name is", async () => {
      const { store } = opened;
      const services = [
        " ",
        "a\u0000",
        "größe",
        "😀",
        "x".repeat(12_000),
        "日本".repeat(2_000),
        "\u{10ffff}".repeat(100),
      ];
      for (let round = 0; round < 4; round++) {
        for (const service of services) await append_spans(store, [span_init({ name: "named" })], service);
        await store.seal();
      }
      await store.tidy();
      for (const service of services) {
        const rows = await page_rows(store.list("roots", service, { limit: 10, offset: 0 }));
        expect([service.slice(0, 5), rows.length]).toEqual([service.slice(0, 5), 4]);
        expect(rows[0].service_name).toBe(service);
      }
      const { names } = await store.service_names(ALL);
      expect(names).toEqual(names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      expect(names).toEqual(expect.arrayContaining(services));
    });

    it("may be left unread", async () => {
      const { store } = opened;
      await append_spans(store, [span_init(), span_init(), span_init()], "unread");
      const { rows } = await store.list("roots", "unread", ALL);
      expect((await rows.next()).done).toBe(false);
      await rows.return?.();
      expect((await rows.next()).done).toBe(true);
    });

    it("give service names ascending and distinct", async () => {
      for (const name of ["zeta", "alpha", "zeta"]) await append_spans(opened.store, [span_init()], name);
      const { names, has_more } = await opened.store.service_names(ALL);
      expect(names).toEqual([...new Set(names)].sort());
      expect(has_more).toBe(false);
      expect(await opened.store.service_names({ limit: 1, offset: 0 })).toEqual({
        names: names.slice(0, 1),
        has_more: true,
      });
    });
  });
}
