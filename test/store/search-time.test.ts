import { expect, it } from "bun:test";
import { parse_filter } from "../../src/filter/index.ts";
import type { TraceKey } from "../../src/store/index.ts";
import { hex, new_id, span_init } from "../support/otlp.ts";
import { append_spans, open_test_store } from "../support/store.ts";
import { temp_dir } from "../support/temp-dir.ts";

const SEGMENTS = 6;
const TRACES_PER_SEGMENT = 9;
const START = 1_795_000_000_000_000_000n;

it("a search without time still comes to an end, page by page, and gives each trace once", async () => {
  using directory = temp_dir();
  // Too large for one of these limits to be merged.
  await using store = await open_test_store(directory.path, { search_ms_max: 0, hot_rows_max: TRACES_PER_SEGMENT });
  const wanted: string[] = [];
  for (let segment = 0; segment < SEGMENTS; segment++) {
    // Each segment has rows of all times: all of them overlap.
    const spans = Array.from({ length: TRACES_PER_SEGMENT }, (_, i) =>
      span_init({ traceId: new_id(16), startTimeUnixNano: START + BigInt(i * SEGMENTS + segment) * 1_000_000n }),
    );
    wanted.push(...spans.map(({ traceId }) => hex(traceId as Uint8Array)));
    await append_spans(store, spans);
    await store.seal();
  }
  for (const limit of [2, 1_000]) {
    const found: string[] = [];
    let after: TraceKey | null = null;
    let pages = 0;
    do {
      const page = await store.search(parse_filter("root"), { limit, since_us: null, until_us: null, after });
      found.push(...page.traces.map(({ trace_id }) => trace_id));
      after = page.next;
    } while (after !== null && ++pages < 1_000);
    expect(found.toSorted()).toEqual(wanted.toSorted());
  }
});
