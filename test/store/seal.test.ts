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
import { Sealer } from "../../src/store/duckdb/segments/sealer.ts";
import { write_selected } from "../../src/store/duckdb/segments/segment-writer.ts";
import type { WrittenRows } from "../../src/store/duckdb/segments/written-rows.ts";
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
    attributes: text_attributes({ "junjo.state_json_patch": "[]", id: String(random.between(0, 1e9)) }),
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
async function generation_of(random: SeededRandom, span_count: number): Promise<HotGeneration> {
  const generation = new HotGeneration(1, new HotMemory(CAPACITY));
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

/** The same rows, written by DuckDB. */
async function written_by_duckdb({ tables }: HotGeneration, path: string): Promise<WrittenRows> {
  await tables.fill(connection);
  const [spans_sql, patches_sql] = [tables.spans, tables.patches].map((table) => `FROM ${table}`);
  const keys = await keys_of(connection, tables.spans);
  return write_selected(connection, { spans_sql, patches_sql, keys })(path);
}

const rows_of = (path: string) => `read_parquet('${path}', file_row_number = true)`;

async function expect_same_rows(a: string, b: string): Promise<void> {
  const described = await Promise.all([a, b].map((path) => connection.runAndReadAll(`DESCRIBE FROM ${rows_of(path)}`)));
  expect(described[0].getRowsJson()).toEqual(described[1].getRowsJson());
  for (const [left, right] of [
    [a, b],
    [b, a],
  ]) {
    const different = await connection.runAndReadAll(
      `(FROM ${rows_of(left)} EXCEPT ALL FROM ${rows_of(right)}) ORDER BY file_row_number LIMIT 1`,
    );
    expect(different.getRowObjectsJson()).toEqual([]);
  }
}

/** What the manifest has of the rows, in one order. */
const facts_of = ({ files, services, ...facts }: WrittenRows) => ({
  ...facts,
  services: services.toSorted((a, b) => (a.service_name < b.service_name ? -1 : 1)),
  files: files.map(({ name }) => name),
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

describe("a segment", () => {
  it.each([1, 40, 4_097, 9_000])("is the same by our writer and by DuckDB: %i spans", async (span_count) => {
    const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));
    console.log(`seal seed ${seed}`);
    const generation = await generation_of(new SeededRandom(seed), span_count);
    const [ours, theirs] = [new_directory("ours"), new_directory("theirs")];
    using sealer = new Sealer();
    const sealed = await sealer.write(generation, ours);
    const written = await written_by_duckdb(generation, theirs);
    expect(facts_of(sealed)).toEqual(facts_of(written));
    expect(sealed.span_count).toBe(span_count);
    for (const name of ["spans.parquet", "state_patches.parquet"]) {
      await expect_same_rows(join(ours, name), join(theirs, name));
    }
    const { spans } = generation.tables;
    expect(await filter_answers(ours, spans)).toEqual(await filter_answers(theirs, spans));
  });
});
