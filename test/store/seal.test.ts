import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { segments_directory } from "../../src/config/index.ts";
import { DecodedBatch } from "../../src/decode/index.ts";
import { connect, open_database } from "../../src/store/duckdb/database.ts";
import { Admission } from "../../src/store/duckdb/hot/admission.ts";
import { HotGeneration } from "../../src/store/duckdb/hot/generation.ts";
import { HotMemory } from "../../src/store/duckdb/hot/hot-memory.ts";
import { hash_span, hash_trace_id, new_key_hash } from "../../src/store/duckdb/keys/key-hash.ts";
import { SegmentFilter } from "../../src/store/duckdb/keys/key-index.ts";
import { keys_of } from "../../src/store/duckdb/segments/keys-of.ts";
import type { SegmentManifest } from "../../src/store/duckdb/segments/manifest.ts";
import { patches_sql } from "../../src/store/duckdb/segments/patches-sql.ts";
import { Sealer } from "../../src/store/duckdb/segments/sealer.ts";
import type { Segment } from "../../src/store/duckdb/segments/segment.ts";
import { row_text } from "../../src/store/duckdb/row-text.ts";
import { SegmentReader } from "../../src/store/duckdb/segments/segment-reader.ts";
import { write_segment, write_selected } from "../../src/store/duckdb/segments/segment-writer.ts";
import type { WrittenRows } from "../../src/store/duckdb/segments/written-rows.ts";
import type { ListedRow } from "../../src/store/duckdb/source-rows.ts";
import { PageCache } from "../../src/store/parquet/index.ts";
import { new_id, request_bytes, type SpanInit, span_init, string_value, text_attributes } from "../support/otlp.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { STORE_OPTIONS } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const SERVICES = ["b", "a", "größe 日本", "a\u0000", "z".repeat(300)];
const CAPACITY = { spans: 12_000, patches: 4_000, text_bytes: 32 * 1024 * 1024 };

let directory: TempDir;
let instance: DuckDBInstance;
let connection: DuckDBConnection;
beforeEach(async () => {
  directory = temp_dir();
  instance = await open_database({ path: join(directory.path, "traces.duckdb"), ...STORE_OPTIONS });
  connection = await connect(instance);
});
afterEach(() => {
  connection.closeSync();
  instance.closeSync();
  directory[Symbol.dispose]();
});

const new_directory = (name: string): string => {
  const path = join(segments_directory(join(directory.path, "traces.duckdb")), name);
  mkdirSync(path, { recursive: true });
  return path;
};

/** Spans of few traces and times, so that there are ties in every order. */
function random_span(random: SeededRandom, traces: readonly Uint8Array[]): SpanInit {
  const start = 1_795_000_000_000_000_000n + BigInt(random.between(-50, 50)) * 1_000n;
  const type = random.pick(["workflow", "node", "workflows", "", null, null, null]);
  const attributes = [
    ...text_attributes({
      text: "ä".repeat(random.between(0, 200)),
      ...(type !== null && { "junjo.span_type": type }),
      ...(random.chance(0.05) && { "openinference.span.kind": "LLM" }),
      ...(random.chance(0.1) && { "junjo.workflow.state.start": random.pick(['{"n": 1e400}', "not JSON", "[]", ""]) }),
    }),
    {
      key: "number",
      value: random.chance(0.5) ? string_value("7") : { value: { case: "intValue" as const, value: 7n } },
    },
  ];
  const events = Array.from({ length: random.chance(0.1) ? random.between(1, 3) : 0 }, () => ({
    name: "set_state",
    attributes: text_attributes({
      "junjo.state_json_patch": random.chance(0.9) ? "[]" : "not JSON",
      id: String(random.between(0, 1e9)),
    }),
  }));
  return span_init({
    traceId: random.pick(traces),
    ...(random.chance(0.8) && { parentSpanId: new_id(8) }),
    name: random.pick(["one", "two", "", "näme\u0000"]),
    startTimeUnixNano: random.chance(0.01) ? 0n : start,
    endTimeUnixNano: random.chance(0.01) ? 2n ** 64n - 1n : start,
    kind: random.between(0, 7),
    flags: random.pick([0, 1, 2 ** 32 - 1]),
    droppedAttributesCount: random.pick([0, 0, 2 ** 32 - 1]),
    attributes,
    events,
  });
}

/** A generation of the hot tier, taken in as batches come. */
async function generation_of(random: SeededRandom, span_count: number, number = 1): Promise<HotGeneration> {
  const generation = new HotGeneration(number, new HotMemory(CAPACITY));
  const admission = new Admission();
  const traces = Array.from({ length: Math.ceil(span_count / random.pick([1, 5, 50])) }, () => random.bytes(16));
  for (let left = span_count; left > 0;) {
    const count = Math.min(left, random.between(1, 1_500));
    left -= count;
    const batch = new DecodedBatch();
    const spans = Array.from({ length: count }, () => random_span(random, traces));
    for (const of_service of Map.groupBy(spans, () => random.pick(SERVICES))) {
      batch.decode_request(request_bytes(of_service[1], of_service[0]));
    }
    await admission.admit(connection, batch, generation, []);
    generation.append(batch);
  }
  return generation;
}

/** The rows of some generations but for a trace's, written by DuckDB. */
async function written_by_duckdb(
  generations: readonly HotGeneration[],
  path: string,
  except_trace_id = "none",
): Promise<WrittenRows> {
  for (const { tables } of generations) await tables.fill(connection);
  const rows = (names: readonly string[]) =>
    `FROM (${names.map((name) => `FROM ${name}`).join(" UNION ALL ")}) WHERE trace_id <> '${except_trace_id}'`;
  const spans_sql = rows(generations.map(({ tables }) => tables.spans));
  const patches_sql = rows(generations.map(({ tables }) => tables.patches));
  const keys = await keys_of(connection, `(${spans_sql})`);
  return write_selected(connection, { spans_sql, patches_sql, keys })(path);
}

/** In their order. What patches are derived from is our writer's alone. */
const spans_of = ({ spans_path }: Segment) => `
  SELECT * REPLACE (NULL AS sent_workflow_id, NULL AS sent_node_id, NULL AS derived_patch_count)
  FROM read_parquet('${spans_path}', file_row_number = true)`;

async function expect_same_rows(a: string, b: string): Promise<void> {
  for (const [left, right] of [
    [a, b],
    [b, a],
  ]) {
    const different = await connection.runAndReadAll(`(${left}) EXCEPT ALL (${right}) LIMIT 1`);
    expect(different.getRowObjectsJson()).toEqual([]);
  }
}

async function expect_same_columns(a: string, b: string): Promise<void> {
  const described = await Promise.all(
    [a, b].map((path) => connection.runAndReadAll(`DESCRIBE FROM read_parquet('${path}')`)),
  );
  expect(described[0].getRowsJson()).toEqual(described[1].getRowsJson());
}

/** What the manifest has of the rows, in one order. */
const facts_of = ({ files, services, segment_id: _id, sealed_at: _at, ...facts }: SegmentManifest) => ({
  ...facts,
  services: services.toSorted((a, b) => (a.service_name < b.service_name ? -1 : 1)),
  // DuckDB does not say where the rows are.
  files: files.map(({ name }) => name).filter((name) => name !== "rows.bin"),
});

async function filter_answers(path: string, spans: string): Promise<boolean[][]> {
  const filter = new SegmentFilter(readFileSync(join(path, "filter.bin")));
  const keys = (await connection.runAndReadAll(`SELECT trace_id, span_id FROM ${spans} ORDER BY ALL`)).getRows();
  const absent = Array.from({ length: 2_000 }, (_, i) => [i.toString(16).padStart(32, "0"), "0".repeat(16)]);
  return [...keys, ...absent].map(([trace_id, span_id]) => {
    const trace = hash_trace_id(String(trace_id));
    const span = hash_span(Buffer.from(`${String(trace_id)}${String(span_id)}`), 0, 32, new_key_hash());
    return [filter.may_hold_trace(trace), filter.may_hold_span(span), filter.has_llm_trace(trace)];
  });
}

/** What readers find in two segments that should be the same. */
async function expect_same_answers(a: Segment, b: Segment): Promise<void> {
  const cache = new PageCache(8 * 1024 * 1024);
  await using left = await SegmentReader.open(a, cache);
  await using right = await SegmentReader.open(b, cache);
  const traces = await connection.runAndReadAll(`SELECT DISTINCT trace_id FROM ${a.spans_table} ORDER BY ALL LIMIT 50`);
  for (const trace_id of [...traces.getRows().map(([id]) => String(id)), "0".repeat(32)]) {
    const rows = await left.trace_rows(trace_id);
    expect(rows).toEqual(await right.trace_rows(trace_id));
    const count = await connection.runAndReadAll(
      `SELECT count(*) FROM ${a.spans_table} WHERE trace_id = '${trace_id}'`,
    );
    expect(rows.length).toBe(Number(count.getRows()[0][0]));
    const numbers = rows.map(({ row }) => row);
    expect(await left.rows(numbers, row_text)).toEqual(await right.rows(numbers, row_text));
  }
  for (const service of [...SERVICES, "none"]) {
    const middle_us = 1_795_000_000_000_000n;
    for (const [since_us, until_us] of [
      [null, null],
      [middle_us - 5n, middle_us + 5n],
      [null, middle_us],
    ]) {
      const range = { limit: 100, since_us, until_us };
      const is_wanted = ({ start_us }: ListedRow) =>
        (since_us === null || start_us >= since_us) && (until_us === null || start_us <= until_us);
      const rows = await left.list_rows(service, range, is_wanted);
      expect(rows).toEqual(await right.list_rows(service, range, is_wanted));
      const listed = `SELECT count(*) FROM ${a.spans_table} WHERE is_listed AND service_name = $1 AND epoch_us(start_time) BETWEEN $2 AND $3`;
      const bounds = [since_us ?? 0n, until_us ?? 2n ** 62n];
      const count = await connection.runAndReadAll(listed, [service, ...bounds]);
      expect(rows.length).toBe(Math.min(100, Number(count.getRows()[0][0])));
    }
  }
}

/** A segment of the files that `write_rows` writes. */
async function segment_of(write_rows: (directory: string) => Promise<WrittenRows | null>): Promise<Segment> {
  const facts = { decoded_bytes: 0, positions: new Map(), replaces: [] };
  const segment = await write_segment(segments_directory(join(directory.path, "traces.duckdb")), facts, write_rows);
  if (segment === null) throw new Error("there are no rows");
  return segment;
}

async function expect_same_segments(ours: Segment, theirs: Segment): Promise<void> {
  expect(facts_of(ours.manifest)).toEqual(facts_of(theirs.manifest));
  await expect_same_columns(ours.spans_path, theirs.spans_path);
  await expect_same_columns(ours.patches_path, theirs.patches_path);
  await expect_same_rows(spans_of(ours), spans_of(theirs));
  await expect_same_rows(patches_sql([ours]), patches_sql([theirs]));
  const spans = theirs.spans_table;
  expect(await filter_answers(ours.directory, spans)).toEqual(await filter_answers(theirs.directory, spans));
  await expect_same_answers(ours, theirs);
}

const seeded = (what: string) => {
  const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${what} seed ${seed}`);
  return new SeededRandom(seed);
};

describe("a segment", () => {
  it.each([1, 40, 4_097, 9_000])(
    "is the same by our writer and by DuckDB: %i spans",
    async (span_count) => {
      const generation = await generation_of(seeded("seal"), span_count);
      using sealer = new Sealer();
      const ours = await segment_of((path) => sealer.write(generation, path));
      expect(ours.manifest.span_count).toBe(span_count);
      await expect_same_segments(ours, await segment_of((path) => written_by_duckdb([generation], path)));
    },
    30_000,
  );

  it.each([10, 3_000, 8_000])(
    "is the same merged by us and by DuckDB, with and without a trace: of 3 × %i spans",
    async (span_count) => {
      const random = seeded("merge");
      const generations: HotGeneration[] = [];
      for (let i = 0; i < 3; i++) generations.push(await generation_of(random, span_count, i));
      using sealer = new Sealer();
      const inputs: Segment[] = [];
      // One is written by DuckDB, as a release before has.
      for (const [i, generation] of generations.entries()) {
        const write = (path: string) =>
          i === 1 ? written_by_duckdb([generation], path) : sealer.write(generation, path);
        inputs.push(await segment_of(write));
      }
      const trace = await connection.runAndReadAll(`SELECT any_value(trace_id) FROM ${inputs[0].spans_table}`);
      for (const except of [null, String(trace.getRows()[0][0])]) {
        const ours = await segment_of((path) => sealer.merge(inputs, except, path));
        const theirs = await segment_of((path) => written_by_duckdb(generations, path, except ?? undefined));
        await expect_same_segments(ours, theirs);
      }
    },
    60_000,
  );

  it("is none when it would have no rows", async () => {
    const span = span_init({ traceId: new_id(16) });
    const batch = new DecodedBatch();
    batch.decode_request(request_bytes([span], "alone"));
    const generation = new HotGeneration(1, new HotMemory(CAPACITY));
    await new Admission().admit(connection, batch, generation, []);
    generation.append(batch);
    using sealer = new Sealer();
    const input = await segment_of((path) => sealer.write(generation, path));
    const trace_id = Buffer.from(span.traceId as Uint8Array).toString("hex");
    expect(await sealer.merge([input], trace_id, new_directory("empty"))).toBeNull();
  });
});
