import { describe, expect, it } from "bun:test";
import { parse_filter, type SpanFilter } from "../../../src/filter/index.ts";
import type { FoundTrace, SearchRange, ServiceActivity, SpanStore, TraceKey } from "../../../src/store/index.ts";
import { event_init, hex, int_value, new_id, span_init, type SpanInit, text_attributes } from "../../support/otlp.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { append_spans } from "../../support/store.ts";
import { type OpenStore, opened_for_block } from "./opened.ts";
import { PlainDisk, PlainStore } from "./plain-store.ts";

const BASE_US = 1_795_000_000_000_000n;
const WHOLE = { limit: 1_000, since_us: null, until_us: null, after: null };
const SERVICES = ["checkout", "größe's", 'a "b"'];
const NAMES = ["GET /users", "plan trip", "Timed OUT", ""];

/** Few of everything, so that filters find some. */
function random_span(random: SeededRandom): { service: string; init: SpanInit } {
  const pick = <Item>(items: readonly Item[]) => items[random.between(0, items.length - 1)];
  const start = (BASE_US + BigInt(random.between(0, 40)) * 1_000n) * 1000n + BigInt(random.between(0, 999));
  const attributes = text_attributes({
    ...(random.chance(0.5) && { "http.route": pick(["/users/:id", "/trips", 'it\'s "quoted"']) }),
    ...(random.chance(0.3) && { "a/b~c": pick(["x", "y"]) }),
    ...(random.chance(0.2) && { "openinference.span.kind": "LLM" }),
    ...(random.chance(0.2) && { "junjo.span_type": pick(["workflow", "node"]) }),
    ...(random.chance(0.3) && { "host.name": "from a span" }),
    ...(random.chance(0.2) && { size: pick(["12", "big"]) }),
  });
  if (random.chance(0.5)) attributes.push({ key: "retries", value: int_value(BigInt(random.between(0, 12))) });
  if (random.chance(0.2)) attributes.push({ key: "id", value: int_value(9_007_199_254_740_993n) });
  const init = {
    traceId: new Uint8Array(16).fill(random.between(1, 40)),
    spanId: new_id(8),
    ...(random.chance(0.7) && { parentSpanId: new_id(8) }),
    name: pick(NAMES),
    kind: random.between(0, 5),
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(random.between(0, 3_000)) * 1_000_000n,
    status: { code: random.between(0, 2), message: pick(["", "upstream timed out"]) },
    attributes,
  };
  return { service: pick(SERVICES), init };
}

const FILTERS = [
  "",
  "root",
  "not root",
  "service = checkout",
  `service = "größe's" or service = "a \\"b\\""`,
  "status = error and duration > 1.5s",
  "status != ok",
  "duration <= 0ms or duration >= 2s",
  "kind = server kind = server",
  "not (kind = client or kind = producer)",
  'name = ""',
  'name =~ "^(GET|plan)"',
  'name !~ "/"',
  '"timed out"',
  "llm",
  "has_llm and root",
  "not has_llm",
  "workflow",
  "type = node",
  "type != node",
  "not type = node",
  "span.http.route exists",
  'span.http.route = "it\'s \\"quoted\\""',
  "span.http.route != /trips",
  "not span.http.route = /trips",
  'span."a/b~c" = x',
  ".retries > 3",
  ".retries = 7",
  "retries.none = 1 or .retries < 2",
  ".id = 9007199254740993",
  ".size = 12",
  '.size = "12"',
  ".size >= big",
  "resource.service.name = checkout",
  'host.name =~ "span$"',
  ".service.name = checkout and not llm",
  `trace = ${"07".repeat(16)} or trace = ${"0A".repeat(16)}`,
  "scope = test",
  "span.junjo.span_type = workflow",
];

const facts = ({ trace_id, matched_span_id: _which, ...summary }: FoundTrace) => ({ trace_id, ...summary });

/** Page by page: a machine that has much to do may give a few at a time. */
async function all_found(store: SpanStore, filter: SpanFilter | null, range: SearchRange): Promise<FoundTrace[]> {
  const found: FoundTrace[] = [];
  let after: TraceKey | null = null;
  do {
    const page = await store.search(filter, { ...range, after });
    found.push(...page.traces);
    after = page.next;
  } while (after !== null);
  return found;
}

/** Quantiles come to fractions of a nanosecond. */
const rounded = (services: ServiceActivity[]) =>
  services.map(({ total, parts, ...rest }) => ({
    ...rest,
    figures: [total, ...parts].map(({ p50_duration_ns, p95_duration_ns, ...counts }) => ({
      ...counts,
      durations_ns: [p50_duration_ns, p95_duration_ns].map((ns) => (ns === null ? null : Math.round(ns))),
    })),
  }));

/** What is found by filters, counted, and said of services and attributes. */
export function describe_search(open: OpenStore): void {
  describe("a search", () => {
    const opened = opened_for_block(open);

    async function both_with_random_spans(seed: number): Promise<SpanStore> {
      const random = new SeededRandom(seed);
      const plain = new PlainStore(new PlainDisk(), 1_000);
      for (let step = 0; step < 12; step++) {
        const spans = Array.from({ length: random.between(1, 40) }, () => random_span(random));
        for (const [service, of_service] of Map.groupBy(spans, (span) => span.service)) {
          const inits = of_service.map(({ init }) => init);
          for (const store of [plain, opened.store]) await append_spans(store, inits, service);
        }
        if (random.chance(0.5)) await opened.store.seal();
      }
      await opened.store.tidy();
      return plain;
    }

    it("finds what a plain list of spans has, page by page, counts it, and knows services and attributes", async () => {
      const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
      console.log(`search seed ${seed}`);
      const plain = await both_with_random_spans(seed);
      const { store } = opened;
      for (const text of FILTERS) {
        const filter = parse_filter(text);
        const wanted = await plain.search(filter, WHOLE);
        const found = await all_found(store, filter, { ...WHOLE, limit: 17 });
        expect([text, found.map(facts)]).toEqual([text, wanted.traces.map(facts)]);
        const range = { since_us: BASE_US + 5_000n, until_us: BASE_US + 30_000n };
        expect([text, (await all_found(store, filter, { ...WHOLE, ...range })).map(facts)]).toEqual([
          text,
          (await plain.search(filter, { ...WHOLE, ...range })).traces.map(facts),
        ]);
        const parts = { ...range, part_count: 6 };
        expect([text, await store.count_spans(filter, parts)]).toEqual([text, await plain.count_spans(filter, parts)]);
      }
      const parts = { since_us: BASE_US, until_us: BASE_US + 39_999n, part_count: 4 };
      expect(rounded(await store.services(parts))).toEqual(rounded(await plain.services(parts)));
      for (const level of ["span", "resource"] as const) {
        expect((await store.attribute_keys(level, 100)).sort()).toEqual(
          (await plain.attribute_keys(level, 100)).sort(),
        );
      }
      for (const [field, prefix] of [
        [{ level: "span", key: "http.route" }, ""],
        [{ level: "any", key: "host.name" }, "from"],
        [{ level: "resource", key: "service.name" }, "c"],
        [{ level: "span", key: "a/b~c" }, ""],
      ] as const) {
        // Of some of the spans alone: which value is the more frequent one may differ.
        expect((await store.attribute_values(field, prefix, 10)).sort()).toEqual(
          (await plain.attribute_values(field, prefix, 10)).sort(),
        );
      }
    }, 60_000);

    it("says what a trace is whose spans lie in several places, and whose root has not arrived", async () => {
      const { store } = opened;
      const traceId = new_id(16);
      const child = (name: string, start: bigint) =>
        span_init({ traceId, parentSpanId: new_id(8), name, startTimeUnixNano: start, endTimeUnixNano: start + 10n });
      await append_spans(store, [child("one", 1_000_000n)], "far apart");
      await store.seal();
      await append_spans(store, [child("two", 9_000_000n)], "elsewhere");
      const traces = await all_found(store, parse_filter(`trace = ${hex(traceId)}`), WHOLE);
      expect(traces).toEqual([
        expect.objectContaining({
          span_count: 2,
          orphan_count: 2,
          services: [
            { name: "elsewhere", span_count: 1, error_count: 0 },
            { name: "far apart", span_count: 1, error_count: 0 },
          ],
          start_unix_nano: 1_000_000n,
          end_unix_nano: 9_000_010n,
          root: null,
        }),
      ]);
    });

    it("tells whoever follows of traces with new matching spans, and of nothing else", async () => {
      const { store } = opened;
      const leaving = new AbortController();
      const tail = store.tail(parse_filter("name = followed"), leaving.signal);
      const [traceId, other] = [new_id(16), new_id(16)];
      const next = tail.next();
      await append_spans(store, [span_init({ traceId: other, name: "not this" })]);
      await append_spans(store, [span_init({ traceId, name: "followed" }), span_init({ traceId, name: "not this" })]);
      expect((await next).value).toMatchObject({ kind: "traces", traces: [{ trace_id: hex(traceId) }] });
      await store.seal();
      await append_spans(store, [span_init({ traceId: other, name: "followed" })]);
      expect((await tail.next()).value).toMatchObject({
        kind: "traces",
        traces: [{ trace_id: hex(other), span_count: 2 }],
      });
      leaving.abort();
      expect((await tail.next()).done).toBe(true);
    });

    it("gives a trace's state patches in order", async () => {
      const { store } = opened;
      const traceId = new_id(16);
      const patch = (value: number) =>
        event_init("set_state", {
          "junjo.state_json_patch": JSON.stringify([{ op: "replace", path: "/n", value }]),
          "junjo.store.id": "store",
        });
      const events = Array.from({ length: 12 }, (_, value) => patch(value));
      await append_spans(store, [span_init({ traceId, events })]);
      for (let round = 0; round < 2; round++) {
        const patches = await store.state_patches(hex(traceId));
        expect(patches.map(({ patch_json }) => (JSON.parse(patch_json) as { value: number }[])[0].value)).toEqual(
          events.map((_, value) => value),
        );
        expect(patches[0]).toMatchObject({ trace_id: hex(traceId), patch_store_id: "store" });
        await store.seal();
      }
      expect(await store.state_patches("0".repeat(32))).toEqual([]);
    });
  });
}
