// bun scripts/soak.ts [--minutes N] [--rate SPANS_PER_SECOND]: a constant load on a real server process. Prints what it
// takes at intervals; the exit code is 1 when its memory goes on growing after warm-up, or when spans are missing.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SteadyLoad } from "../bench/steady-load.ts";
import { hex, request_bytes, span_init } from "../test/support/otlp.ts";
import { post_otlp } from "../test/support/otlp-http.ts";
import { poll_until } from "../test/support/poll-until.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../test/support/server-process.ts";
import { temp_dir } from "../test/support/temp-dir.ts";

const MIB = 1024 * 1024;
const SAMPLE_EVERY_MS = 2_000;
const PRINT_EVERY_SAMPLES = 5;
/** Memory may differ by this much between the second quarter of the run and the last one. */
const GROWTH_SHARE_MAX = 0.15;
const GROWTH_BYTES_MAX = 30 * MIB;
const DRAIN_MS_MAX = 120_000;

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "10" }, rate: { type: "string", default: "2000" } },
});
const ends_ms = performance.now() + Number(values.minutes) * 60_000;

/** DuckDB takes what it may for its cache: with little, the cache is full soon and what grows then is a leak. */
const ENV = { DUCKDB_MEMORY_BYTES: String(256 * MIB) };

const rss_bytes = ({ pid }: ServerProcess): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
const handle_count = ({ pid }: ServerProcess): number => readdirSync(`/proc/${pid}/fd`).length;

async function metric(server: ServerProcess, name: string): Promise<number> {
  const text = await (await server.get("/metrics")).text();
  return Number(new RegExp(`^junjo_traces_${name} (\\S+)`, "m").exec(text)?.[1] ?? 0);
}

function disk_bytes(directory: string): number {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => statSync(join(directory, name), { throwIfNoEntry: false }))
    .reduce((sum, file) => sum + (file?.isFile() ? file.size : 0), 0);
}

/** From the acknowledgement of one more span until the API gives it. */
async function visible_ms(server: ServerProcess): Promise<number> {
  const span = span_init({ name: "probe" });
  const path = `/otel/trace/${hex(span.traceId as Uint8Array)}/span/${hex(span.spanId as Uint8Array)}`;
  await post_otlp(`http://127.0.0.1:${server.ports.otlp_http}`, request_bytes([span], "probe"));
  const acked_ms = performance.now();
  await poll_until(async () => (await server.get(path)).ok, { what: "the probe", deadline_ms: DRAIN_MS_MAX });
  return performance.now() - acked_ms;
}

const median = (numbers: readonly number[]): number =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;
const mib = (bytes: number): string => (bytes / MIB).toFixed(0);

using directory = temp_dir();
await using server = await start_server([...FROM_SOURCE, "serve"], directory.path, {
  ...ENV,
  DATA_DIR: directory.path,
});
const rss_samples: number[] = [];
let probes = 0;
let acked_spans = 0;
{
  await using load = new SteadyLoad(`http://127.0.0.1:${server.ports.otlp_http}/v1/traces`, Number(values.rate));
  console.log(
    "| s | acked spans | refused | RSS MiB | handles | queue MiB | disk MiB | ack p50 ms | p99 ms | visible ms |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|");
  for (const began_ms = performance.now(); performance.now() < ends_ms;) {
    await Bun.sleep(SAMPLE_EVERY_MS);
    rss_samples.push(rss_bytes(server));
    if (rss_samples.length % PRINT_EVERY_SAMPLES !== 0) continue;
    const latencies_ms = load.take_latencies_ms();
    const quantile = (share: number) => latencies_ms[Math.floor(latencies_ms.length * share)]?.toFixed(1) ?? "-";
    probes++;
    const cells = [
      Math.round((performance.now() - began_ms) / 1000),
      load.acked_spans,
      load.refused_requests,
      mib(rss_samples.at(-1) ?? 0),
      handle_count(server),
      mib(await metric(server, "wal_queued_bytes")),
      mib(disk_bytes(directory.path)),
      quantile(0.5),
      quantile(0.99),
      Math.round(await visible_ms(server)),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
  await load[Symbol.asyncDispose]();
  ({ acked_spans } = load);
}
const wanted_spans = acked_spans + probes;
const stored = () => metric(server, "stored_spans_total");
await poll_until(async () => (await stored()) >= wanted_spans, { what: "all spans", deadline_ms: DRAIN_MS_MAX }).catch(
  () => undefined,
);
const stored_spans = await stored();

const quarter = Math.floor(rss_samples.length / 4);
const [second_quarter, last_quarter] = [rss_samples.slice(quarter, 2 * quarter), rss_samples.slice(-quarter)].map(
  median,
);
const allowed_bytes = second_quarter * (1 + GROWTH_SHARE_MAX) + GROWTH_BYTES_MAX;
const has_grown = last_quarter > allowed_bytes;
console.log(
  `\nRSS: ${mib(second_quarter)} MiB in the second quarter, ${mib(last_quarter)} in the last, allowed ${mib(allowed_bytes)}: ` +
    `${has_grown ? "GROWS" : "holds"}. Stored ${stored_spans} of ${wanted_spans} spans.`,
);
process.exitCode = has_grown || stored_spans !== wanted_spans ? 1 : 0;
