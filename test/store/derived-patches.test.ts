import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DecodedBatch } from "../../src/decode/index.ts";
import { verify } from "../../src/inspect/index.ts";
import { patches_sql } from "../../src/store/duckdb/segments/patches-sql.ts";
import { Segment } from "../../src/store/duckdb/segments/segment.ts";
import type { FileBackedStore, StatePatch } from "../../src/store/index.ts";
import { capture_body, capture_names } from "../support/captures.ts";
import { make_manifest_true, rewrite } from "../support/changed-segment.ts";
import { config_of, open_data_store, patched_span } from "../support/data-dir.ts";
import {
  hex,
  int_value,
  type KeyValueInit,
  request_bytes,
  type SpanInit,
  span_init,
  string_value,
} from "../support/otlp.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { raw_patches } from "../support/span-rows.ts";
import { run_sql } from "../support/sql.ts";
import { ALL, append_requests, append_spans, page_rows } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
beforeEach(() => {
  dir = temp_dir();
});
afterEach(() => dir[Symbol.dispose]());

const segments_of = () => {
  const directory = join(dir.path, "duckdb", "segments");
  return readdirSync(directory).map((name) => Segment.open(join(directory, name)));
};

/** All patches, as raw_patches has them. */
async function stored_patches(store: FileBackedStore) {
  const { columns, rows } = await store.sql(
    "SELECT * REPLACE (epoch_us(event_time) AS event_time, patch_json::VARCHAR AS patch_json) FROM state_patches ORDER BY patch_id",
  );
  return rows.map((row) => Object.fromEntries(row.map((cell, index) => [columns[index].name, cell])));
}

const PATCHES = [
  "[]",
  '[{"op":"add","path":"/a~1b","value":"größe 日本 \\ud83d\\ude00 \\u0000"}]',
  ' [ {"op" : "replace","path":"/n","value":1e400} ,\n{"a":1,"a":2, "b":123456789012345678901234567890}]',
  "7",
  '"text"',
  "null",
  "",
  "not JSON",
  '["\\ud83d"]',
  '["\\ude00\\ud83d"]',
  "[1,]",
].map(string_value);
const OTHER_VALUES = [int_value(2n ** 60n), { value: { case: "bytesValue" as const, value: Buffer.from("[]") } }, {}];

function random_patched_span(random: SeededRandom): SpanInit {
  const one_of = (key: string, values: readonly KeyValueInit["value"][], chance: number): KeyValueInit[] =>
    random.chance(chance) ? [{ key, value: random.pick(values) }] : [];
  const ids = ["own", "größe", ""].map(string_value);
  const events = Array.from({ length: random.between(0, 4) }, () => ({
    name: random.chance(0.8) ? "set_state" : random.pick(["other", "set_state ", ""]),
    timeUnixNano: random.pick([0n, 1_795_000_000_123_456_789n, 999n, 2n ** 64n - 1n]),
    attributes: [
      ...one_of("id", ids, 0.5),
      ...one_of("junjo.state_json_patch", random.chance(0.2) ? OTHER_VALUES : PATCHES, 0.9),
      ...one_of("junjo.store.id", random.chance(0.1) ? OTHER_VALUES : ids, 0.8),
    ],
  }));
  return span_init({
    attributes: [
      ...one_of("junjo.span_type", ["workflow", "subflow", "node"].map(string_value), 0.7),
      ...one_of("junjo.id", [...ids, ...OTHER_VALUES], 0.7),
      ...one_of("junjo.parent_id", ids, 0.7),
      ...one_of("junjo.workflow_id", [...ids, ...OTHER_VALUES], 0.2),
      ...one_of("node.id", [...ids, ...OTHER_VALUES], 0.2),
    ],
    events,
  });
}

describe("state patches that are derived from their spans", () => {
  it("are to the letter what the decoder made", async () => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`derived patches seed ${seed}`);
    const random = new SeededRandom(seed);
    const body = request_bytes(Array.from({ length: 1_500 }, () => random_patched_span(random)));
    const batch = new DecodedBatch();
    batch.decode_request(body);
    const expected = raw_patches(batch);

    await using store = await open_data_store(dir.path);
    await append_requests(store, body);
    expect(await stored_patches(store)).toEqual(expected);
    await store.seal();
    expect(await stored_patches(store)).toEqual(expected);

    // Some of both kinds, and none of them twice.
    const [segment] = segments_of();
    const [[rows]] = await run_sql(`SELECT count(*) FROM '${segment.patches_path}'`);
    expect(Number(rows)).toBeGreaterThan(expected.length / 10);
    expect(Number(rows)).toBeLessThan((expected.length * 9) / 10);
    expect(segment.manifest.patch_count).toBe(expected.length);
  });

  it("take no place of their own in what SDKs send", async () => {
    await using store = await open_data_store(dir.path);
    const bodies = capture_names(".pb").map(capture_body);
    await append_requests(store, ...bodies);
    const before = await stored_patches(store);
    expect(before.length).toBeGreaterThan(10);
    await store.seal();
    expect(await stored_patches(store)).toEqual(before);
    for (const { patches_path } of segments_of()) {
      expect(await run_sql(`SELECT count(*) FROM '${patches_path}'`)).toEqual([["0"]]);
    }
  });

  it("are found by whoever opens the DuckDB file", async () => {
    const spans = [patched_span(), patched_span()];
    {
      await using store = await open_data_store(dir.path);
      await append_spans(store, spans);
    }
    const found = await run_sql("SELECT patch_id FROM state_patches", join(dir.path, "duckdb", "traces.duckdb"));
    const ids = spans.flatMap(({ traceId, spanId }) =>
      [0, 1].map((index) => `${hex(traceId as Uint8Array)}:${hex(spanId as Uint8Array)}:${index}`),
    );
    expect(new Set(found.map(([id]) => id))).toEqual(new Set(ids));
  });
});

/** Makes of a segment what earlier releases wrote: all patches as rows, and no more columns than the tables have. */
async function bring_to_format_1(segment: Segment): Promise<void> {
  const { directory, spans_path, patches_path, spans_table } = segment;
  await rewrite(patches_path, `${patches_sql([segment])} ORDER BY patch_id`);
  await rewrite(
    spans_path,
    `SELECT * EXCLUDE (sent_workflow_id, sent_node_id, derived_patch_count) FROM ${spans_table}`,
  );
  make_manifest_true(directory, { format: 1 });
}

describe("segments of format 1", () => {
  const traces = Array.from({ length: 6 }, () => span_init().traceId as Uint8Array);
  const spans = () => traces.flatMap((traceId) => [patched_span({ traceId }), span_init({ traceId })]);

  it("answer as before, beside others and merged with them", async () => {
    const answers = async (store: FileBackedStore) => {
      const by_trace: StatePatch[][] = [];
      for (const trace_id of traces.map(hex)) by_trace.push(await store.state_patches(trace_id));
      return [by_trace, await stored_patches(store)] as const;
    };
    let expected: Awaited<ReturnType<typeof answers>> = [[], []];
    {
      await using store = await open_data_store(dir.path);
      await append_spans(store, spans());
      await store.seal();
      expected = await answers(store);
      expect(expected[1]).toHaveLength(12);
    }
    await bring_to_format_1(segments_of()[0]);
    const database = join(dir.path, "duckdb", "traces.duckdb");
    const [file_bytes] = segments_of().map((segment) => segment.file_bytes);
    await run_sql(`UPDATE segments SET file_bytes = ${file_bytes}`, database);
    const no_faults = async () => {
      const faults: unknown[] = [];
      await verify(config_of(dir.path), (fault) => faults.push(fault));
      expect(faults).toEqual([]);
    };
    await no_faults();

    const [more, gone] = [spans(), patched_span({ traceId: traces[0] })];
    {
      await using store = await open_data_store(dir.path);
      expect(await answers(store)).toEqual(expected);
      await append_spans(store, more);
      await append_spans(store, [gone]);
      await store.seal();
      expect(await stored_patches(store)).toHaveLength(26);
      expect(new Set(segments_of().map(({ manifest }) => manifest.format))).toEqual(new Set([1, 2]));
      const { rows } = await store.sql("SELECT count(*), count(DISTINCT span_id), count(events_json) FROM spans");
      expect(rows).toEqual([[25n, 25n, 25n]]);
      expect(await page_rows(store.list("spans", "shop", ALL))).toHaveLength(25);
      const found = await store.search(null, { limit: 100, since_us: null, until_us: null, after: null });
      expect(found.traces).toHaveLength(6);
      // Each of the two is written anew.
      await store.delete_trace(hex(traces[0]));
      expect(await stored_patches(store)).toHaveLength(20);
      expect(await store.state_patches(hex(traces[1]))).toHaveLength(4);
      expect(new Set(segments_of().map(({ manifest }) => manifest.format))).toEqual(new Set([2]));
    }
    expect(await run_sql("SELECT count(*) FROM state_patches", database)).toEqual([["20"]]);
    await no_faults();
  });
});
