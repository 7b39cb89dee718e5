// bun bench/ladder/floor.ts --spans N [--repeating]: decodes spans, has DuckDB take them in and write them as one sorted
// Parquet file, by the shortest code. Prints one line of JSON.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { DuckDBInstance } from "@duckdb/node-api";
import { DecodedBatch, SPAN_COLUMNS } from "../../src/decode/index.ts";
import { column_definitions } from "../../src/store/duckdb/column-types.ts";
import { append_vectors } from "../../src/store/duckdb/vectors.ts";
import { LoadPlan, SPANS_PER_REQUEST } from "./load-plan.ts";

export type Floor = {
  /** What it was measured with: as many as the hot tier takes by default, and one segment then has. */
  span_count: number;
  wire_bytes_per_span: number;
  cpu_us_per_span: number;
  bytes_per_span: number;
  trace_ms: number;
};

const REQUESTS_PER_BATCH = 40;

const { values } = parseArgs({
  options: { spans: { type: "string", default: "245760" }, repeating: { type: "boolean", default: false } },
});
const plan = new LoadPlan(BigInt(Date.now()) * 1_000_000n, values.repeating);
const request_count = Math.ceil(Number(values.spans) / SPANS_PER_REQUEST);
const bodies = Array.from({ length: request_count }, (_, number) => plan.body(number));
const directory = mkdtempSync(join(tmpdir(), "junjo-traces-floor-"));
try {
  const path = join(directory, "floor.parquet");
  const connection = await (await DuckDBInstance.create(":memory:", { threads: "2" })).connect();
  await connection.run(`CREATE TABLE spans (${column_definitions(SPAN_COLUMNS)})`);
  const before = process.cpuUsage();
  const batch = new DecodedBatch();
  const appender = await connection.createAppender("spans");
  let span_count = 0;
  for (let first = 0; first < bodies.length; first += REQUESTS_PER_BATCH) {
    batch.clear();
    for (const body of bodies.slice(first, first + REQUESTS_PER_BATCH)) batch.decode_request(body);
    const { spans, heap } = batch;
    append_vectors(SPAN_COLUMNS, spans, heap.bytes, 0, spans.row_count, (chunk) => appender.appendDataChunk(chunk));
    span_count += spans.row_count;
  }
  appender.closeSync();
  const options = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 2";
  await connection.run(`COPY (FROM spans ORDER BY trace_id) TO '${path}' (${options})`);
  const { user, system } = process.cpuUsage(before);
  const { trace_id } = plan.span_of(request_count >> 1, 0);
  const began_ms = performance.now();
  await connection.runAndReadAll(`FROM read_parquet('${path}') WHERE trace_id = '${trace_id}'`);
  const floor: Floor = {
    span_count,
    wire_bytes_per_span: bodies.reduce((sum, { length }) => sum + length, 0) / span_count,
    cpu_us_per_span: (user + system) / span_count,
    bytes_per_span: statSync(path).size / span_count,
    trace_ms: performance.now() - began_ms,
  };
  console.log(JSON.stringify(floor));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();
