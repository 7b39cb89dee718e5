import { expect, it } from "bun:test";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { post_otlp } from "../support/otlp-http.ts";
import { request_bytes, span_init, text_attributes } from "../support/otlp.ts";
import { poll_until } from "../support/poll-until.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

const ROOTS = 500;
const PAYLOAD_BYTES = 100_000;
const REQUESTS = 10;
const LIST = `/otel/service/large/root_spans?limit=${ROOTS}`;
const MIB = 1024 * 1024;
/** Beyond what the server takes with nothing to do. One list is 50 MB of text. */
const GROWTH_MIB_MAX = 250;

const status_mib = (server: ServerProcess, field: "VmHWM" | "VmRSS"): number =>
  Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))?.[1]) / 1024;

/** Roots whose payloads do not repeat. */
function request(): Uint8Array {
  const spans = Array.from({ length: ROOTS / REQUESTS }, () =>
    span_init({ attributes: text_attributes({ payload: randomBytes(PAYLOAD_BYTES / 2).toString("hex") }) }),
  );
  return request_bytes(spans, "large");
}

async function read_list(server: ServerProcess): Promise<number> {
  let bytes = 0;
  const response = await server.get(LIST);
  for await (const piece of response.body ?? []) bytes += piece.length;
  return bytes;
}

it("a list of 500 roots of 100 KB each is streamed in bounded memory, from memory and from files", async () => {
  using dir = temp_dir();
  {
    await using server = await start_server(FROM_SOURCE, dir.path);
    const before_mib = status_mib(server, "VmRSS");
    for (let i = 0; i < REQUESTS; i++) {
      const response = await post_otlp(`http://127.0.0.1:${server.ports.otlp_http}`, request());
      expect(response.status).toBe(200);
    }
    const is_whole = async () => ((await (await server.get(LIST)).json()) as unknown[]).length === ROOTS;
    await poll_until(is_whole, { what: "all roots", deadline_ms: 60_000 });
    for (let i = 0; i < 4; i++) expect(await read_list(server)).toBeGreaterThan(ROOTS * PAYLOAD_BYTES);
    // The hot tier holds the rows themselves, and so does the batch that they came in.
    expect(status_mib(server, "VmHWM") - before_mib).toBeLessThan(GROWTH_MIB_MAX + (3 * ROOTS * PAYLOAD_BYTES) / MIB);
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
  }
  await using server = await start_server(FROM_SOURCE, dir.path);
  const before_mib = status_mib(server, "VmRSS");
  for (let i = 0; i < 8; i++) expect(await read_list(server)).toBeGreaterThan(ROOTS * PAYLOAD_BYTES);
  expect(status_mib(server, "VmHWM") - before_mib).toBeLessThan(GROWTH_MIB_MAX);
}, 120_000);
