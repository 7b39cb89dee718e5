import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { run_program } from "../support/program.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let directory: TempDir;
let server: ServerProcess;
beforeAll(async () => {
  directory = temp_dir();
  server = await start_server(FROM_SOURCE, directory.path);
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

type Answer = { traces: { root: { name: string } | null; service_names: string[] }[] };

async function found(filter: string): Promise<Answer["traces"]> {
  const response = await server.get(`/otel/traces?filter=${encodeURIComponent(filter)}`);
  return ((await response.json()) as Answer).traces;
}

describe("junjo-traces demo", () => {
  it("sends runs of a workflow, a conversation and orders, which are stored", async () => {
    const { exit_code, stdout } = await run_program(["demo", `http://127.0.0.1:${server.ports.otlp_http}`]);
    expect([exit_code, stdout]).toEqual([0, expect.stringContaining("9 traces were sent")]);
    await poll_until(async () => (await found("root")).length === 9, { what: "nine traces" });
    expect(await found("workflow")).toHaveLength(3);
    expect(await found("workflow and status = error")).toHaveLength(1);
    expect(await found("span.gen_ai.conversation.id exists")).toHaveLength(3);
    expect(await found("llm")).toHaveLength(6);
    expect((await found('name = "POST /charge" and status = error'))[0].service_names).toEqual([
      "payments",
      "web-shop",
    ]);
  });

  it("says in one line why it could not", async () => {
    const { exit_code, stderr } = await run_program(["demo", "http://127.0.0.1:9"]);
    expect(exit_code).toBe(1);
    expect(stderr).toMatch(/^junjo-traces: no answer from http:\/\/127\.0\.0\.1:9: .*\n$/);
  });
});
