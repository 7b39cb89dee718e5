// bun bench/acks.ts [--spans N] [--binary]: what taking and storing spans costs, beside the least that it could cost, and
// what doing nothing costs, measured in one run. Prints a Markdown table.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { idle, type Load, type Measured, under_load } from "./measure.ts";
import { start_floor, start_program } from "./processes.ts";
import { head, line } from "./table.ts";

/** Offered, where latency is what is asked. */
const RATE = 50_000;

const { values } = parseArgs({
  options: { spans: { type: "string", default: "300000" }, binary: { type: "boolean", default: false } },
});
const spans = Number(values.spans);
const directory = mkdtempSync(join(tmpdir(), "junjo-traces-bench-"));

/** Runs with a place for its data, which is removed afterwards: what one leaves behind is not for the next to carry. */
async function in_place<Result>(run: (path: string) => Promise<Result>): Promise<Result> {
  const path = join(directory, "data");
  try {
    return await run(path);
  } finally {
    rmSync(path, { recursive: true, force: true });
  }
}

const http: Load = { spans, protocol: "http" };
const acking = (load: Load) => in_place((path) => under_load(start_program("ingest", path, values.binary), load));
const storing = (load: Load) => in_place((path) => under_load(start_program("serve", path, values.binary), load, true));

const ROWS: [name: string, run: () => Promise<Measured>][] = [
  ["floor: receive and discard", () => under_load(start_floor(), http)],
  ["floor: receive, append, fdatasync", () => in_place((path) => under_load(start_floor(path), http))],
  ["ack alone, HTTP, 512 spans a request", () => acking(http)],
  ["ack alone, HTTP, 100 spans a request", () => acking({ ...http, spans_per_request: 100 })],
  ["ack alone, gRPC, 512 spans a request", () => acking({ ...http, protocol: "grpc" })],
  ["serve, HTTP, saturated", () => storing(http)],
  [`serve, HTTP, ${RATE} spans/s offered`, () => storing({ ...http, rate: RATE })],
  ["serve, idle", () => in_place((path) => idle(start_program("serve", path, values.binary)))],
];

const COLUMNS: [head: string, cell: (row: Measured, floor: Measured) => number | undefined, digits: number][] = [
  ["acked spans/s", ({ load }) => load && load.acked_spans / load.seconds, 0],
  ["settled spans/s", ({ load, settled_seconds }) => load && settled_seconds && load.acked_spans / settled_seconds, 0],
  ["CPU µs/span", (row) => cpu_us(row), 1],
  ["× floor", (row, floor) => times(cpu_us(row), cpu_us(floor)), 1],
  ["ack p50 ms", ({ load }) => load?.p50_ms, 1],
  ["ack p99 ms", ({ load }) => load?.p99_ms, 1],
  ["CPU, of a core", ({ cpu_seconds, seconds }) => cpu_seconds / seconds, 3],
  ["RSS MiB, peak or idle", ({ rss_mib }) => rss_mib, 0],
];

const cpu_us = ({ load, cpu_seconds }: Measured) => load && (cpu_seconds / load.acked_spans) * 1e6;
const times = (one?: number, other?: number) => (one === undefined || other === undefined ? undefined : one / other);

try {
  let floor: Measured | undefined;
  for (const [name, run] of ROWS) {
    const row = await run();
    if (floor === undefined) {
      floor = row;
      console.log(
        `${cpus()[0]?.model}, ${cpus().length} cores, ${row.load?.bytes_per_span.toFixed(0)} wire bytes a span\n`,
      );
      head(["", ...COLUMNS.map(([name]) => name)]);
    }
    const measured = floor;
    line([name, ...COLUMNS.map(([, cell, digits]) => cell(row, measured)?.toFixed(digits) ?? "–")]);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
