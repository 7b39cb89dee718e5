import { join } from "node:path";
import type { LoadResult } from "./load.ts";
import type { Server } from "./processes.ts";

const POLL_PAUSE_MS = 100;
/** What a server does after its start is over by then. */
const IDLE_AFTER_MS = 5_000;
const IDLE_MS = 20_000;

/** What to send: as the options of load.ts. */
export type Load = { spans: number; protocol: "http" | "grpc"; spans_per_request?: number; rate?: number };

/** One row of the table; what does not apply is left out. */
export type Measured = {
  load?: LoadResult;
  /** Until every span could be queried. */
  settled_seconds?: number;
  cpu_seconds: number;
  /** That `cpu_seconds` were used in. */
  seconds: number;
  rss_mib: number;
};

/** Has a process of its own send the load. `until_stored`: the spans are to be waited for. Ends the server. */
export async function under_load(starting: Promise<Server>, load: Load, until_stored = false): Promise<Measured> {
  await using server = await starting;
  const cpu_before = server.cpu_seconds();
  const result = await send(server, load);
  if (until_stored) await stored(server, result.acked_spans);
  const seconds = until_stored ? (Date.now() - result.began_unix_ms) / 1000 : result.seconds;
  return {
    load: result,
    cpu_seconds: server.cpu_seconds() - cpu_before,
    seconds,
    rss_mib: server.peak_rss_mib(),
    ...(until_stored && { settled_seconds: seconds }),
  };
}

/** What a server takes that nobody asks anything of. Ends it. */
export async function idle(starting: Promise<Server>): Promise<Measured> {
  await using server = await starting;
  await Bun.sleep(IDLE_AFTER_MS);
  const cpu_before = server.cpu_seconds();
  await Bun.sleep(IDLE_MS);
  return { cpu_seconds: server.cpu_seconds() - cpu_before, seconds: IDLE_MS / 1000, rss_mib: server.rss_mib() };
}

/** Has a process of its own send a load. `options` are more of load.ts. */
export async function send(
  { ports }: Server,
  { spans, protocol, spans_per_request, rate }: Load,
  options: readonly string[] = [],
): Promise<LoadResult> {
  const target =
    protocol === "grpc"
      ? ["--grpc", `127.0.0.1:${ports.otlp_grpc}`]
      : ["--url", `http://127.0.0.1:${ports.otlp_http}/v1/traces`];
  const size = spans_per_request === undefined ? [] : ["--spans-per-request", String(spans_per_request)];
  const pace = rate === undefined ? [] : ["--rate", String(rate)];
  const script = join(import.meta.dir, "load.ts");
  const command = [process.execPath, script, "--spans", String(spans), ...target, ...size, ...pace, ...options];
  const sender = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  const line = await new Response(sender.stdout).text();
  if ((await sender.exited) !== 0) throw new Error("the load generator failed");
  return JSON.parse(line) as LoadResult;
}

/** Resolves when so many spans can be asked for. */
export async function stored(server: Server, span_count: number): Promise<void> {
  while ((await stored_count(server)) < span_count) await Bun.sleep(POLL_PAUSE_MS);
}

/** Spans that a server has stored since its start. */
export async function stored_count({ ports }: Server): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${ports.http}/metrics`)).text();
  return Number(/^junjo_traces_stored_spans_total (\d+)/m.exec(metrics)?.[1] ?? 0);
}
