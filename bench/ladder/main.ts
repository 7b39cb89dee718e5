// bun bench/ladder/main.ts [--sizes N,N] [--large] [--repeating] [--binary]: one store that grows from size to size. Prints
// what taking the spans in cost, what they take on disk and how long questions take, beside a floor of the same spans.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cells, head, line } from "../table.ts";
import type { Floor } from "./floor.ts";
import { LoadPlan, SPANS_PER_REQUEST } from "./load-plan.ts";
import { ask_cold, ask_warm, disk_bytes, ingest, sealed_spans, start_server, visible } from "./stages.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000000,10000000" },
    large: { type: "boolean", default: false },
    repeating: { type: "boolean", default: false },
    binary: { type: "boolean", default: false },
    "data-dir": { type: "string", default: tmpdir() },
  },
});
const sizes = [...values.sizes.split(",").map(Number), ...(values.large ? [50_000_000] : [])];
const directory = mkdtempSync(join(values["data-dir"], "junjo-traces-ladder-"));
const plan = new LoadPlan(BigInt(Date.now() - 24 * 3_600_000) * 1_000_000n, values.repeating);
const data_dir = join(directory, "data");
const start = start_server(data_dir, values.binary);

try {
  const floor = await measure_floor();
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${values.repeating ? "repeating" : "non-repeating"} spans`);
  console.log(
    `floor: ${floor.cpu_us_per_span.toFixed(1)} µs CPU a span, ${floor.bytes_per_span.toFixed(0)} B/span, ` +
      `a trace out of that file by DuckDB ${floor.trace_ms.toFixed(1)} ms\n`,
  );
  let done = 0;
  for (const size of sizes) done = await rung(size, done, floor);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();

/** Gives how many requests were sent, of which `done` were before. */
async function rung(size: number, done: number, floor: Floor): Promise<number> {
  const request_count = Math.ceil(size / SPANS_PER_REQUEST);
  {
    await using server = await start();
    const { load, settled_seconds, cpu_us_per_span, rss_mib } = await ingest(server, plan, done, request_count);
    await server[Symbol.asyncDispose]();
    const spans = request_count * SPANS_PER_REQUEST;
    // More than was sent for this: what was sent to see when it can be seen stays.
    const disk = disk_bytes(join(data_dir, "duckdb")) / sealed_spans(join(data_dir, "duckdb", "segments"));
    head(["spans", "acked/s", "settled/s", "CPU µs/span", "× floor", "ack p99 ms", "peak RSS MiB", "disk B/span"]);
    line([
      ...cells([spans, load.acked_spans / load.seconds, load.acked_spans / settled_seconds], 0),
      ...cells([cpu_us_per_span, cpu_us_per_span / floor.cpu_us_per_span, load.p99_ms], 1),
      ...cells([rss_mib, disk], 0),
    ]);
  }
  console.log();
  const cold = await ask_cold(start, plan, request_count);
  await using server = await start();
  head(["question", "p50 ms", "p99 ms", "cold p50 ms", "cold p99 ms"]);
  for (const { name, warm } of await ask_warm(server, plan, request_count)) {
    const of_cold = cold.get(name);
    line([name, ...cells([warm.p50_ms, warm.p99_ms, of_cold?.p50_ms, of_cold?.p99_ms], 1)]);
  }
  const { idle_ms, at_rate_ms } = await visible(server, plan, sizes.indexOf(size));
  for (const [name, taken_ms] of [
    ["acked to visible, idle", idle_ms],
    ["acked to visible, at 50,000 spans/s", at_rate_ms],
  ] as const) {
    line([name, ...cells([taken_ms[taken_ms.length >> 1], taken_ms.at(-1)], 1), "–", "–"]);
  }
  console.log();
  return request_count;
}

async function measure_floor(): Promise<Floor> {
  const options = values.repeating ? ["--repeating"] : [];
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "floor.ts"), ...options], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return JSON.parse(await new Response(child.stdout).text()) as Floor;
}
