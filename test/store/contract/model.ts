import { describe, expect, it } from "bun:test";
import type { ListKind, PageRange, RowKey, SpanPage, SpanStore } from "../../../src/store/index.ts";
import { hex, type SpanInit, text_attributes } from "../../support/otlp.ts";
import { SeededRandom } from "../../support/seeded-random.ts";
import { append_spans, page_rows, type Row } from "../../support/store.ts";
import { temp_dir } from "../../support/temp-dir.ts";
import type { OpenStore } from "./opened.ts";

const STEPS = 40;
const SPANS_PER_STEP_MAX = 40;
const SERVICES = ["a", "b", "c"];
const TRACE_COUNT = 60;
const SPAN_COUNT = 12;
const BASE_US = 1_795_000_000_000_000n;
const KINDS: ListKind[] = ["roots", "llm_roots", "workflows", "spans"];

const LLM = { "openinference.span.kind": "LLM" };
const WORKFLOW = { "junjo.span_type": "workflow" };

type ModelSpan = RowKey & {
  service: string;
  name: string;
  has_ended: boolean;
  parent_span_id: string | null;
  is_llm: boolean;
  is_workflow: boolean;
};

/** What the store should be: every span in one list, the first of a key. */
class Model {
  readonly spans = new Map<string, ModelSpan>();
  readonly pending = new Map<string, ModelSpan>();

  /** Gives how many were new, of those that have ended and of those that have not. */
  add(spans: readonly ModelSpan[]): { inserted_spans: number; started_spans: number } {
    const spans_before = this.spans.size;
    for (const span of spans.filter(({ has_ended }) => has_ended)) {
      if (!this.spans.has(id_of(span))) this.spans.set(id_of(span), span);
      this.pending.delete(id_of(span));
    }
    const started = spans.filter((span) => !span.has_ended && !this.spans.has(id_of(span)));
    for (const span of started) this.pending.set(id_of(span), span);
    return { inserted_spans: this.spans.size - spans_before, started_spans: started.length };
  }

  list(kind: ListKind, service: string): ModelSpan[] {
    const all = this.sorted().filter((span) => span.service === service);
    if (kind === "spans") return all;
    if (kind === "workflows") return all.filter(({ is_workflow }) => is_workflow);
    const llm_traces = new Set([...this.spans.values()].filter(({ is_llm }) => is_llm).map(({ trace_id }) => trace_id));
    return all.filter(
      ({ parent_span_id, trace_id }) => parent_span_id === null && (kind === "roots" || llm_traces.has(trace_id)),
    );
  }

  delete_trace(trace_id: string): number {
    const spans = [...this.spans.values(), ...this.pending.values()].filter((span) => span.trace_id === trace_id);
    for (const span of spans) {
      this.spans.delete(id_of(span));
      this.pending.delete(id_of(span));
    }
    return spans.length;
  }

  trace(trace_id: string): ModelSpan[] {
    return this.sorted().filter((span) => span.trace_id === trace_id);
  }

  services(): string[] {
    return [...new Set([...this.spans.values()].map(({ service }) => service))].sort();
  }

  private sorted(): ModelSpan[] {
    return [...this.spans.values()].sort(by_place);
  }
}

const id_of = ({ trace_id, span_id }: ModelSpan): string => trace_id + span_id;

function by_place(a: RowKey, b: RowKey): number {
  if (a.start_us !== b.start_us) return a.start_us > b.start_us ? -1 : 1;
  return compare(a.trace_id, b.trace_id) || compare(a.span_id, b.span_id);
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const in_range =
  ({ since_us = null, until_us = null, after = null }: PageRange) =>
  (span: ModelSpan) =>
    (since_us === null || span.start_us >= since_us) &&
    (until_us === null || span.start_us <= until_us) &&
    (after === null || by_place(after, span) < 0);

/** Few traces and spans, so that keys come again, and times that are equal now and then. */
function random_span(random: SeededRandom, step: number): ModelSpan & { init: SpanInit } {
  const trace = random.between(0, TRACE_COUNT - 1);
  const traceId = new Uint8Array(16).fill(trace + 1);
  const spanId = new Uint8Array(8).fill(random.between(1, SPAN_COUNT));
  const start_us = BASE_US + BigInt(random.between(0, 50) + (random.chance(0.8) ? step * 20 : 0)) * 1_000n;
  const has_ended = random.chance(0.85);
  // It comes before or after, or never.
  const parent = random.chance(0.3) ? null : new Uint8Array(8).fill(random.between(1, SPAN_COUNT));
  const is_llm = random.chance(0.1);
  const is_workflow = random.chance(0.2);
  const name = `span ${random.between(0, 1e9)}`;
  const attributes = text_attributes({
    ...(is_llm && LLM),
    ...(is_workflow && WORKFLOW),
  });
  const init = {
    traceId,
    spanId,
    ...(parent !== null && { parentSpanId: parent }),
    name,
    startTimeUnixNano: start_us * 1000n,
    endTimeUnixNano: has_ended ? start_us * 1000n : 0n,
    attributes,
  };
  const service = SERVICES[random.between(0, SERVICES.length - 1)];
  const key = { trace_id: hex(traceId), span_id: hex(spanId), start_us };
  const parent_span_id = parent === null ? null : hex(parent);
  return { ...key, service, name, has_ended, parent_span_id, is_llm, is_workflow, init };
}

function random_range(random: SeededRandom, model: Model): PageRange {
  const time = () => BASE_US + BigInt(random.between(0, STEPS * 20)) * 1_000n;
  const spans = [...model.spans.values()];
  return {
    limit: random.chance(0.2) ? null : random.between(1, 30),
    offset: random.chance(0.5) ? 0 : random.between(0, 40),
    since_us: random.chance(0.3) ? time() : null,
    until_us: random.chance(0.3) ? time() : null,
    after: random.chance(0.2) && spans.length > 0 ? spans[random.between(0, spans.length - 1)] : null,
  };
}

const key_of = ({ trace_id, span_id, name }: Row | ModelSpan) => `${trace_id} ${span_id} ${String(name)}`;

/** What is compared of a span and of its row: that a name is in it says which of those with its ids it is. */
const shown = ({ start_us, trace_id, span_id, parent_span_id, service, name, is_llm, is_workflow }: ModelSpan) => ({
  ids: [trace_id, span_id, parent_span_id],
  start_us,
  service,
  name,
  is_workflow,
  attributes: is_llm ? LLM : {},
});

const shown_row = (row: Row) => ({
  ids: [row.trace_id, row.span_id, row.parent_span_id],
  start_us: BigInt(Date.parse(String(row.start_time))) * 1_000n,
  service: row.service_name,
  name: row.name,
  is_workflow: row.junjo_span_type === "workflow",
  attributes: row.attributes_json,
});

async function expect_page(asking: Promise<SpanPage>, all: ModelSpan[], range: PageRange): Promise<void> {
  const wanted = all.filter(in_range(range)).slice(range.offset);
  const page = await asking;
  const rows = await page_rows(page);
  expect(rows.map(shown_row) as unknown[]).toEqual(wanted.slice(0, range.limit ?? undefined).map(shown));
  expect(page.has_more).toBe(range.limit !== null && wanted.length > range.limit);
}

async function expect_same(store: SpanStore, model: Model, random: SeededRandom): Promise<void> {
  expect((await store.service_names({ limit: null, offset: 0 })).names).toEqual(model.services());
  for (const kind of KINDS) {
    for (const service of SERVICES) {
      const range = random_range(random, model);
      await expect_page(store.list(kind, service, range), model.list(kind, service), range);
    }
  }
  const pending = await store.pending_spans({ service_name: null, trace_id: null, limit: 10_000 });
  const wanted_pending = [...model.pending.values()].sort(by_place);
  expect(pending.map(({ json }) => key_of(JSON.parse(json) as Row))).toEqual(wanted_pending.map(key_of));
  for (let i = 0; i < 3; i++) {
    const trace_id = hex(new Uint8Array(16).fill(random.between(1, TRACE_COUNT)));
    const range = random.chance(0.5) ? { limit: null, offset: 0 } : random_range(random, model);
    await expect_page(store.trace_spans(trace_id, range), model.trace(trace_id), range);
    const span_id = hex(new Uint8Array(8).fill(random.between(1, SPAN_COUNT)));
    const row = await store.span(trace_id, span_id);
    const wanted = model.spans.get(trace_id + span_id);
    expect(row === null ? null : shown_row(JSON.parse(row) as Row)).toEqual(
      wanted === undefined ? null : shown(wanted),
    );
  }
}

/** Every question, against a plain list of spans, while rows are sealed, tidied, deleted and found again. */
export function describe_as_one_list(open: OpenStore): void {
  describe("over all its tiers", () => {
    it.each([1, 2])(
      "answers as one list of spans would (run %i)",
      async () => {
        const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
        console.log(`model seed ${seed}`);
        using directory = temp_dir();
        await run_steps(new SeededRandom(seed), () => open(directory.path, { hot_rows_max: 100 }));
      },
      60_000,
    );
  });
}

async function run_steps(random: SeededRandom, open: () => Promise<SpanStore>): Promise<void> {
  const model = new Model();
  let store = await open();
  try {
    for (let step = 0; step < STEPS; step++) {
      if (random.chance(0.2)) await store.seal();
      if (random.chance(0.1)) await store.tidy();
      if (random.chance(0.1)) {
        const trace_id = hex(new Uint8Array(16).fill(random.between(1, TRACE_COUNT)));
        expect(await store.delete_trace(trace_id)).toBe(model.delete_trace(trace_id));
      }
      if (random.chance(0.05)) {
        await store[Symbol.asyncDispose]();
        store = await open();
      }
      await append_random(store, model, random, step);
      await expect_same(store, model, random);
    }
  } finally {
    await store[Symbol.asyncDispose]();
  }
}

async function append_random(store: SpanStore, model: Model, random: SeededRandom, step: number): Promise<void> {
  const count = random.between(1, SPANS_PER_STEP_MAX);
  const spans = Array.from({ length: count }, () => random_span(random, step));
  for (const [service, of_service] of Map.groupBy(spans, ({ service }) => service)) {
    const added = model.add(of_service);
    const inits = of_service.map(({ init }) => init);
    const result = await append_spans(store, inits, service);
    const duplicate_spans = of_service.length - added.inserted_spans - added.started_spans;
    expect(result).toMatchObject({ ...added, duplicate_spans });
  }
}
