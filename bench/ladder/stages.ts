import { send, stored, stored_count } from "../measure.ts";
import type { LoadResult } from "../load.ts";
import { type Server, start_program } from "../processes.ts";
import { type LoadPlan, SPANS_PER_REQUEST } from "./load-plan.ts";

const POLL_PAUSE_MS = 1;
const VISIBLE_TIMES = 20;
/** Beyond all that a ladder of 50M spans sends. */
const FIRST_VISIBLE_REQUEST = 200_000;
const FIRST_RATED_REQUEST = 300_000;
const RATE = 50_000;
const RATED_SECONDS = 15;

export type Ingest = { load: LoadResult; settled_seconds: number; cpu_us_per_span: number; rss_mib: number };

/** Sends requests `first` up to `end` and waits until all their spans can be asked for. */
export async function ingest(server: Server, plan: LoadPlan, first: number, end: number): Promise<Ingest> {
  const spans = (end - first) * SPANS_PER_REQUEST;
  const cpu_before = server.cpu_seconds();
  const stored_before = await stored_count(server);
  const load = await send(server, { spans, protocol: "http" }, plan.load_options(first));
  await stored(server, stored_before + spans);
  const settled_seconds = (Date.now() - load.began_unix_ms) / 1000;
  const cpu_us_per_span = ((server.cpu_seconds() - cpu_before) / spans) * 1e6;
  return { load, settled_seconds, cpu_us_per_span, rss_mib: server.peak_rss_mib() };
}

export type Visible = { idle_ms: readonly number[]; at_rate_ms: readonly number[] };

/** From the acknowledgement of a request until one of its traces is found: with nothing else to do, and at RATE. */
export async function visible(server: Server, plan: LoadPlan, rung: number): Promise<Visible> {
  const first = FIRST_VISIBLE_REQUEST + rung * 2 * VISIBLE_TIMES;
  const idle_ms = await visible_ms(server, plan, first);
  const load = { spans: RATE * RATED_SECONDS, protocol: "http", rate: RATE } as const;
  const first_rated = FIRST_RATED_REQUEST + rung * Math.ceil(load.spans / SPANS_PER_REQUEST);
  const sent = send(server, load, plan.load_options(first_rated));
  const at_rate_ms = await visible_ms(server, plan, first + VISIBLE_TIMES);
  await sent;
  return { idle_ms, at_rate_ms };
}

async function visible_ms(server: Server, plan: LoadPlan, first: number): Promise<number[]> {
  const taken_ms: number[] = [];
  for (let number = first; number < first + VISIBLE_TIMES; number++) {
    const { trace_id, span_id } = plan.span_of(number, 0);
    await fetch(`http://127.0.0.1:${server.ports.otlp_http}/v1/traces`, {
      method: "POST",
      body: plan.body(number),
      headers: { "content-type": "application/x-protobuf" },
    });
    const began_ms = performance.now();
    const url = `http://127.0.0.1:${http_port(server)}/otel/trace/${trace_id}/span/${span_id}`;
    while ((await fetch(url)).status !== 200) await Bun.sleep(POLL_PAUSE_MS);
    taken_ms.push(performance.now() - began_ms);
  }
  return taken_ms.sort((a, b) => a - b);
}

export const start_server = (data_dir: string, is_binary: boolean) => () => start_program("serve", data_dir, is_binary);

export function http_port({ ports }: Server): number {
  if (ports.http === undefined) throw new Error("the server answers no questions");
  return ports.http;
}
