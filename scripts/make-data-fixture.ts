// Makes a data directory as a release leaves it when it is killed, and what that release answered from it, for the upgrade
// test: test/fixtures/data-NNNN.tar.gz. One is made, once, for every release that changes what is kept.
//
//   bun scripts/make-data-fixture.ts 0001 [a checkout of that release; default: this one]
//
// One half of the spans lies in the DuckDB file, the other in its log, and all of them in the queue too.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { poll_until } from "../test/support/poll-until.ts";
import { type ServerProcess, start_server } from "../test/support/server-process.ts";
import { temp_dir } from "../test/support/temp-dir.ts";

const ROOT = join(import.meta.dir, "..");
const CAPTURES = join(ROOT, "test", "captures");
const FIXTURES = join(ROOT, "test", "fixtures");
const WANTED = /^(junjo-0\.(41|62\.1|68\.0)-(flow|llm).*|node-proto|py-shapes-grpc)\.pb$/;

const [version, checkout = ROOT] = process.argv.slice(2);
if (!/^\d{4}$/.test(version ?? "")) throw new Error("usage: make-data-fixture.ts NNNN [checkout]");

const captures = readdirSync(CAPTURES)
  .filter((name) => WANTED.test(name))
  .map((name) => readFileSync(join(CAPTURES, name)));
const half = Math.ceil(captures.length / 2);
const command = [process.execPath, join(checkout, "src", "main.ts"), "serve"];

using dir = temp_dir();
await fill(captures.slice(0, half));
await bring_log_into_file(join(dir.path, ".dbdata", "duckdb", "traces.duckdb"));
const answers = await fill(captures.slice(half));
const archive = join(FIXTURES, `data-${version}.tar.gz`);
await Bun.write(join(dir.path, "answers.json"), JSON.stringify(answers));
const what = ["--exclude=*.sock", "--owner=0", "--group=0", "-C", dir.path, ".dbdata", "answers.json"];
const packed = Bun.spawnSync(["tar", "-czf", archive, ...what]);
if (!packed.success) throw new Error(packed.stderr.toString());
console.log(`${archive}: ${Bun.file(archive).size} bytes, ${Object.keys(answers).length} answers`);

/** Sends the requests to a server, asks it everything once they are stored, and kills it. */
async function fill(bodies: readonly Uint8Array<ArrayBuffer>[]): Promise<Record<string, string>> {
  await using server = await start_server(command, dir.path);
  const headers = { "content-type": "application/x-protobuf" };
  for (const body of bodies) {
    const url = `http://127.0.0.1:${server.ports.otlp_http}/v1/traces`;
    const { status } = await fetch(url, { method: "POST", headers, body });
    if (status !== 200) throw new Error(`a capture was answered with ${status}`);
  }
  await poll_until(() => is_settled(server), { what: "everything stored" });
  return await all_answers(server);
}

async function is_settled(server: ServerProcess): Promise<boolean> {
  const metrics = await (await server.get("/metrics")).text();
  const value = (name: string) => Number(new RegExp(`^junjo_traces_${name} (\\d+)$`, "m").exec(metrics)?.[1]);
  const stored = value("stored_spans_total") + value("duplicate_spans_total");
  return stored > 0 && stored === value("receive_accepted_spans_total");
}

/** The six questions, about everything there is. */
async function all_answers(server: ServerProcess): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  const ask = async <Answer>(path: string): Promise<Answer> => {
    // As text: not every number comes through JSON.parse and back.
    answers[path] = await (await server.get(path)).text();
    return JSON.parse(answers[path]) as Answer;
  };
  for (const service of await ask<string[]>("/otel/span_service_names")) {
    const name = encodeURIComponent(service);
    const roots = await ask<{ trace_id: string; span_id: string }[]>(`/otel/service/${name}/root_spans`);
    await ask(`/otel/service/${name}/root_spans_filtered`);
    await ask(`/otel/spans/type/workflow/${name}`);
    for (const { trace_id, span_id } of roots.slice(0, 2)) {
      await ask(`/otel/trace/${trace_id}/nested_spans`);
      await ask(`/otel/trace/${trace_id}/span/${span_id}`);
    }
  }
  return answers;
}

async function bring_log_into_file(path: string): Promise<void> {
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run("CHECKPOINT");
  connection.closeSync();
  instance.closeSync();
}
