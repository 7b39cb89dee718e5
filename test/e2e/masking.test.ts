import { afterEach, beforeEach, expect, it } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { request_bytes, span_init, text_attributes } from "../support/otlp.ts";
import { JSON_TYPE, post_otlp } from "../support/otlp-http.ts";
import { poll_until } from "../support/poll-until.ts";
import { run_program } from "../support/program.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const SECRET = "ada.lovelace@example.org";
const RULES = { MASK_ATTRIBUTES: "user.pin:drop", MASK_PATTERNS: "emails:hash", MASK_REGEXPS: "ACME-\\d+\nEMEA-\\d+" };

let directory: TempDir;
beforeEach(() => {
  directory = temp_dir();
});
afterEach(() => directory[Symbol.dispose]());

const start = (rules: Record<string, string>) =>
  start_server(FROM_SOURCE, directory.path, { DATA_DIR: directory.path, ...rules });

async function send(server: ServerProcess): Promise<void> {
  const url = `http://127.0.0.1:${server.ports.otlp_http}`;
  const attributes = text_attributes({ note: `from ${SECRET} about ACME-17`, "user.pin": "0815-4711" });
  expect((await post_otlp(url, request_bytes([span_init({ name: "mail", attributes })], "masked"))).status).toBe(200);
  const span = {
    traceId: "a".repeat(32),
    spanId: "b".repeat(16),
    name: `to ${SECRET}`,
    startTimeUnixNano: "1",
    endTimeUnixNano: "2",
  };
  const json = {
    resourceSpans: [{ resource: { attributes: text_json("service.name", "masked") }, scopeSpans: [{ spans: [span] }] }],
  };
  expect((await post_otlp(url, JSON.stringify(json), { type: JSON_TYPE })).status).toBe(200);
  await poll_until(async () => (await stored(server)).length === 2, { what: "both spans" });
}

const stored = async (server: ServerProcess) =>
  (await (await server.get("/otel/service/masked/root_spans")).json()) as unknown[];

const text_json = (key: string, value: string) => [{ key, value: { stringValue: value } }];

/** All bytes of all files, as they lie on the disk: the queue is not compressed. */
const everything = (): string =>
  readdirSync(directory.path, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory.path, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => readFileSync(path, "latin1"))
    .join("\n");

it("what rules are about is never queued, and is counted", async () => {
  await using server = await start(RULES);
  await send(server);
  const written = everything();
  expect(written).toContain("mail");
  for (const text of [SECRET, "ACME-17", "user.pin", "0815-4711"]) expect(written).not.toContain(text);
  const metrics = await (await server.get("/metrics")).text();
  expect(metrics).toContain('junjo_traces_receive_masked_values_total{rule="emails"} 2');
  expect(metrics).toContain('junjo_traces_receive_masked_values_total{rule="user.pin"} 1');
  expect(metrics).toContain('junjo_traces_receive_masked_values_total{rule="ACME-\\\\d+"} 1');
});

it("what is stored already says how often rules would apply, and stays as it is", async () => {
  await using server = await start({});
  await send(server);
  const mask = (rules: Record<string, string>) =>
    run_program(["mask"], { DATA_DIR: directory.path, ...rules }, directory.path);
  const { stdout, exit_code } = await mask(RULES);
  expect(exit_code).toBe(0);
  expect(stdout).toBe(
    "user.pin: 1 values\nemails: 2 values\nACME-\\d+: 1 values\nEMEA-\\d+: 0 values\nof 2 spans; nothing was changed\n",
  );
  expect(JSON.stringify(await stored(server))).toContain(SECRET);
  expect((await mask({})).stdout).toContain("there are no masking rules");
});

it("rules that are none stop the start with one line", async () => {
  const { exit_code, stderr } = await run_program(
    ["serve"],
    { DATA_DIR: directory.path, MASK_PATTERNS: "phones" },
    directory.path,
  );
  expect(exit_code).toBe(2);
  expect(stderr).toBe("junjo-traces: there is no pattern phones: emails, cards, keys (MASK_PATTERNS, MASK_REGEXPS)\n");
});
