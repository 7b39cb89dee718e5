import { describe, expect, it } from "bun:test";
import { poll_until } from "../support/poll-until.ts";
import { run_program } from "../support/program.ts";
import { FROM_SOURCE, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

const QUESTION = "/otel/span_service_names";

describe("keys of a running server", () => {
  it("come and go without a restart, each good for its scope at every door", async () => {
    using dir = temp_dir();
    const keys = (...args: string[]) => run_program(["keys", ...args], {}, dir.path);
    await using server = await start_server(FROM_SOURCE, dir.path);
    const ask = async (key?: string, path = QUESTION) => (await get(server.ports.http, path, key)).status;
    const send = async (key?: string) => {
      const url = `http://127.0.0.1:${server.ports.otlp_http}/v1/traces`;
      const headers = { "content-type": "application/x-protobuf", ...(key && { "x-api-key": key }) };
      return (await fetch(url, { method: "POST", headers, body: "" })).status;
    };
    expect([await ask(), await send()]).toEqual([200, 200]);

    const writer = (await keys("add", "--name", "writer", "--scope", "ingest")).stdout.trim();
    const reader = (await keys("add", "--name", "reader", "--scope", "read")).stdout.trim();
    const noticed = { deadline_ms: 2_000, what: "the keys noticed" };
    await poll_until(async () => (await ask()) === 401, noticed);
    await poll_until(async () => (await send()) === 401, noticed);
    expect([await ask(reader), await send(writer)]).toEqual([200, 200]);
    expect([await ask(writer), await send(reader)]).toEqual([403, 403]);
    expect(await (await get(server.ports.http, QUESTION, writer)).json()).toMatchObject({
      type: "/problems/key-lacks-scope",
    });

    const metrics = await (await get(server.ports.http, "/metrics", reader)).text();
    expect(metrics).toMatch(/^junjo_traces_api_key_requests_total\{key="reader",decision="allowed"\} \d+$/m);
    expect(metrics).toMatch(/^junjo_traces_ingest_key_requests_total\{key="writer",decision="allowed"\} \d+$/m);

    expect((await keys("list")).stdout).toMatch(/^1 +writer +ingest +20.*-\n2 +reader +read +20/m);
    expect((await keys("revoke", "writer")).exit_code).toBe(0);
    server.kill("SIGHUP");
    await poll_until(async () => (await send(writer)) === 401, noticed);
    expect(await keys("revoke", "writer")).toEqual({
      exit_code: 1,
      stdout: "",
      stderr: 'junjo-traces: there is no key "writer" that could be revoked\n',
    });
  }, 30_000);

  it("let it listen beyond this machine", async () => {
    using dir = temp_dir();
    await run_program(["keys", "add"], { HOST: "0.0.0.0" }, dir.path);
    await using server = await start_server(FROM_SOURCE, dir.path, { HOST: "0.0.0.0" });
    expect((await server.get(QUESTION)).status).toBe(401);
  });
});

const get = (port: number, path: string, key?: string) =>
  fetch(`http://127.0.0.1:${port}${path}`, { headers: key === undefined ? {} : { "x-api-key": key } });
