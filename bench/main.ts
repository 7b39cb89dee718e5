// bun bench/main.ts [--spans N] [--binary]: what taking and storing spans costs, beside the least that it could cost,
// measured in the same run. Prints a Markdown table.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { LoadResult } from "./load.ts";

const { values } = parseArgs({
  options: { spans: { type: "string", default: "300000" }, binary: { type: "boolean", default: false } },
});
const ROOT = join(import.meta.dir, "..");
const CLOCK_TICKS_PER_SECOND = 100;
const POLL_PAUSE_MS = 100;

type Ports = { otlp_http: number; http?: number };
type Server = { process: Bun.Subprocess; ports: Ports };
type Measured = LoadResult & { name: string; cpu_seconds: number; settled_seconds: number; rss_mib: number };

const proc = (pid: number, file: string) => readFileSync(`/proc/${pid}/${file}`, "utf8");

/** User and system time of a process, in seconds. */
function cpu_seconds(pid: number): number {
  const fields = proc(pid, "stat").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
}
const peak_rss_mib = (pid: number) => Number(/VmHWM:\s+(\d+)/.exec(proc(pid, "status"))?.[1]) / 1024;

/** Reads lines until one is JSON that `find` finds something in. */
async function first_line<Found>(stream: ReadableStream, find: (line: Record<string, unknown>) => Found | undefined) {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (const line of text.split("\n").slice(0, -1)) {
      const found = find(JSON.parse(line) as Record<string, unknown>);
      if (found !== undefined) return found;
    }
    text = text.slice(text.lastIndexOf("\n") + 1);
  }
  throw new Error("the server ended before it was ready");
}

async function start_floor(path?: string): Promise<Server> {
  const command = [process.execPath, join(import.meta.dir, "floor-server.ts"), ...(path === undefined ? [] : [path])];
  const server = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const otlp_http = await first_line(server.stdout, ({ port }) => port as number | undefined);
  return { process: server, ports: { otlp_http } };
}

async function start_program(data_dir: string): Promise<Server> {
  const program = values.binary ? [join(ROOT, "dist/junjo-traces")] : [process.execPath, join(ROOT, "src/main.ts")];
  const ports = ["http", "otlp-grpc", "otlp-http", "read-spans"].flatMap((name) => [`--${name}-port`, "0"]);
  const command = [...program, "serve", "--data-dir", data_dir, ...ports];
  const server = Bun.spawn(command, { stdout: "ignore", stderr: "pipe" });
  const ready = await first_line(server.stderr, ({ msg, ports }) => (msg === "ready" ? (ports as Ports) : undefined));
  return { process: server, ports: ready };
}

/** Resolves when every span is in the store. */
async function settled(port: number, span_count: number): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const stored = Number(/^junjo_traces_stored_spans_total (\d+)/m.exec(metrics)?.[1] ?? 0);
    if (stored >= span_count) return;
    await Bun.sleep(POLL_PAUSE_MS);
  }
}

async function measure(name: string, { process: server, ports }: Server): Promise<Measured> {
  try {
    const cpu_before = cpu_seconds(server.pid);
    const url = `http://127.0.0.1:${ports.otlp_http}/v1/traces`;
    const load = Bun.spawn(
      [process.execPath, join(import.meta.dir, "load.ts"), "--url", url, "--spans", values.spans],
      {
        stderr: "inherit",
      },
    );
    const result = JSON.parse(await new Response(load.stdout).text()) as LoadResult;
    if (ports.http !== undefined) await settled(ports.http, result.acked_spans);
    const settled_seconds = ports.http === undefined ? result.seconds : (Date.now() - result.began_unix_ms) / 1000;
    const cpu = cpu_seconds(server.pid) - cpu_before;
    return { ...result, name, settled_seconds, cpu_seconds: cpu, rss_mib: peak_rss_mib(server.pid) };
  } finally {
    server.kill();
    await server.exited;
  }
}

const directory = mkdtempSync(join(tmpdir(), "junjo-traces-bench-"));
try {
  const rows = [
    await measure("floor: receive and discard", await start_floor()),
    await measure("floor: receive, append, fdatasync", await start_floor(join(directory, "floor"))),
    await measure("junjo-traces, until queryable", await start_program(join(directory, "data"))),
  ];
  const [floor] = rows;
  const cpu_us = ({ cpu_seconds, acked_spans }: Measured) => (cpu_seconds / acked_spans) * 1e6;
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${floor.bytes_per_span.toFixed(0)} wire bytes a span\n`);
  console.log("| | acked spans/s | settled spans/s | CPU µs/span | × floor | ack p50 ms | ack p99 ms | peak RSS MiB |");
  console.log("|---|---|---|---|---|---|---|---|");
  for (const row of rows) {
    const cells = [
      row.name,
      Math.round(row.acked_spans / row.seconds),
      Math.round(row.acked_spans / row.settled_seconds),
      cpu_us(row).toFixed(1),
      (cpu_us(row) / cpu_us(floor)).toFixed(1),
      row.p50_ms.toFixed(1),
      row.p99_ms.toFixed(1),
      Math.round(row.rss_mib),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
