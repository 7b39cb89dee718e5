// bun bench/ladder/main.ts [--sizes N,N] [--large] [--binary]: one store that grows from size to size. Prints what taking the
// spans in cost, what they take on disk and how long questions take, beside a floor of the same spans; and at the first size
// what taking in and disk are with spans whose texts repeat.
import { mkdtempSync, rmSync } from "node:fs";
import { cpus, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Server } from "../processes.ts";
import { cells, head, line } from "../table.ts";
import { ask_cold, ask_warm, legend, read_files } from "./ask.ts";
import { disk_of } from "./disk.ts";
import type { Floor } from "./floor.ts";
import { LOOP_MS, loop_times } from "./loop.ts";
import { LoadPlan, SPANS_PER_REQUEST } from "./load-plan.ts";
import { paging_questions } from "./paging.ts";
import { type Answered, type Question, questions } from "./questions.ts";
import { http_port, ingest, start_server, visible } from "./stages.ts";

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "1000000,10000000" },
    large: { type: "boolean", default: false },
    binary: { type: "boolean", default: false },
    "data-dir": { type: "string", default: tmpdir() },
  },
});
const sizes = [...values.sizes.split(",").map(Number), ...(values.large ? [50_000_000] : [])];
const directory = mkdtempSync(join(values["data-dir"], "junjo-traces-ladder-"));

/** A store that takes in spans of one kind, in a data directory of its own. */
type Ladder = { corpus: string; plan: LoadPlan; floor: Floor; data_dir: string; start: () => Promise<Server> };

try {
  const memory_gib = totalmem() / 1024 ** 3;
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${memory_gib.toFixed(0)} GiB of memory\n`);
  const ladder = await open_ladder("non-repeating");
  let done = 0;
  for (const size of sizes) {
    const request_count = Math.ceil(size / SPANS_PER_REQUEST);
    await take_in(ladder, done, request_count);
    await ask(ladder, request_count, sizes.indexOf(size));
    done = request_count;
  }
  await take_in(await open_ladder("repeating"), 0, Math.ceil(sizes[0] / SPANS_PER_REQUEST));
} finally {
  rmSync(directory, { recursive: true, force: true });
}
process.exit();

/** Measures the floor, and prints it. */
async function open_ladder(corpus: "repeating" | "non-repeating"): Promise<Ladder> {
  const plan = new LoadPlan(BigInt(Date.now() - 24 * 3_600_000) * 1_000_000n, corpus === "repeating");
  const floor = await measure_floor(plan);
  console.log(
    `${corpus} spans of ${floor.wire_bytes_per_span.toFixed(0)} wire bytes, ${SPANS_PER_REQUEST} a request, over HTTP. ` +
      `Floor, by ${floor.span_count.toLocaleString("en-US")} of them: ${floor.cpu_us_per_span.toFixed(1)} µs CPU a span, ` +
      `${floor.bytes_per_span.toFixed(0)} B/span, a trace out of that file by DuckDB ${floor.trace_ms.toFixed(1)} ms\n`,
  );
  const data_dir = join(directory, corpus);
  return { corpus, plan, floor, data_dir, start: start_server(data_dir, values.binary) };
}

async function measure_floor({ is_repeating }: LoadPlan): Promise<Floor> {
  const options = is_repeating ? ["--repeating"] : [];
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "floor.ts"), ...options], {
    stdout: "pipe",
    stderr: "inherit",
  });
  return JSON.parse(await new Response(child.stdout).text()) as Floor;
}

/** Sends requests up to `request_count`, of which `done` were sent before. */
async function take_in({ corpus, plan, floor, data_dir, start }: Ladder, done: number, request_count: number) {
  const server = await start();
  const { load, settled_seconds, cpu_us_per_span, rss_mib } = await ingest(server, plan, done, request_count);
  await server[Symbol.asyncDispose]();
  head(["corpus", "spans", "acked/s", "settled/s", "CPU µs/span", "× floor", "ack p99 ms", "peak RSS MiB"]);
  line([
    corpus,
    ...cells(
      [request_count * SPANS_PER_REQUEST, load.acked_spans / load.seconds, load.acked_spans / settled_seconds],
      0,
    ),
    ...cells([cpu_us_per_span, cpu_us_per_span / floor.cpu_us_per_span, load.p99_ms], 1),
    ...cells([rss_mib], 0),
  ]);
  console.log();
  const { all, by_file } = disk_of(join(data_dir, "duckdb"));
  const files = [...by_file.keys()];
  const rest = [...by_file.values()].reduce((left, bytes) => left - bytes, all);
  head(["disk, bytes a span", "all", ...files, "catalog and the rest"]);
  line([corpus, ...cells([all, ...by_file.values(), rest], 1)]);
  console.log();
}

async function ask({ plan, data_dir, start }: Ladder, request_count: number, rung: number): Promise<void> {
  const asked = [...questions(plan, request_count), ...(await paging_questions_of(start))];
  const cold: Answered[] = [];
  for (const question of asked) cold.push(await ask_cold(start, question));
  await using server = await start();
  await read_files(join(data_dir, "duckdb"));
  head(["question", "p50 ms", "p99 ms", "cold p50 ms", "cold p99 ms"]);
  for (const [index, question] of asked.entries()) {
    const warm = await ask_warm(server, question);
    line([
      question.name,
      ...cells(
        [warm, cold[index]].flatMap(({ p50_ms, p99_ms }) => [p50_ms, p99_ms]),
        1,
      ),
    ]);
  }
  const loop = loop_times();
  line([`a loop of ${LOOP_MS} ms, and nothing else`, ...cells([loop.p50_ms, loop.p99_ms], 1), "–", "–"]);
  const { idle_ms, at_rate_ms } = await visible(server, plan, rung);
  for (const [name, taken_ms] of [
    ["acked to visible, idle", idle_ms],
    ["acked to visible, at 50,000 spans/s", at_rate_ms],
  ] as const) {
    line([name, ...cells([taken_ms[taken_ms.length >> 1], taken_ms.at(-1)], 1), "–", "–"]);
  }
  console.log(`\n${legend()}\n`);
}

async function paging_questions_of(start: () => Promise<Server>): Promise<Question[]> {
  await using server = await start();
  return await paging_questions(http_port(server));
}
