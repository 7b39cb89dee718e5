import { afterAll, beforeAll, expect, it } from "bun:test";
import { post_otlp } from "../support/otlp-http.ts";
import { hex, new_id, request_bytes, span_init } from "../support/otlp.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const TURNS = 20;
const OTHERS = 2_000;

let dir: TempDir;
let server: ServerProcess;
beforeAll(async () => {
  dir = temp_dir();
  server = await start_server(FROM_SOURCE, dir.path, { DATA_DIR: dir.path });
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  dir[Symbol.dispose]();
});

async function send(body: Uint8Array): Promise<void> {
  const response = await post_otlp(`http://127.0.0.1:${server.ports.otlp_http}`, body);
  expect(response.status).toBe(200);
}

it("a trace that was acknowledged the moment before is deleted, and does not come back", async () => {
  const kept = new_id(16);
  for (let turn = 0; turn < TURNS; turn++) {
    const traceId = new_id(16);
    // What the store is still busy with when the trace comes.
    const others = Array.from({ length: OTHERS }, () => span_init({ traceId: kept }));
    await Promise.all([send(request_bytes(others)), send(request_bytes([span_init({ traceId })]))]);
    const path = `http://127.0.0.1:${server.ports.http}/otel/trace/${hex(traceId)}`;
    const deleted = await fetch(path, { method: "DELETE" });
    expect([deleted.status, await deleted.json()]).toEqual([200, { deleted_spans: 1 }]);
    expect(await (await server.get(`/otel/trace/${hex(traceId)}/nested_spans`)).json()).toEqual([]);
  }
  const left = await server.get(`/otel/trace/${hex(kept)}/nested_spans`);
  expect(((await left.json()) as unknown[]).length).toBe(TURNS * OTHERS);
});
