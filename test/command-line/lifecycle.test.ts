import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { join } from "node:path";
import { run_program } from "../support/program.ts";
import { FROM_SOURCE, start_server } from "../support/server-process.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let temp: TempDir;
beforeEach(() => {
  temp = temp_dir();
});
afterEach(() => temp[Symbol.dispose]());

const PORTS = { HTTP_PORT: "0", OTLP_GRPC_PORT: "0", OTLP_HTTP_PORT: "0", READ_SPANS_PORT: "0" };

describe.each(["serve", "ingest"])("%s", (command) => {
  it.each(["SIGTERM", "SIGINT"] as const)("is ready, and stops with code 0 on %s", async (signal) => {
    await using server = await start_server([...FROM_SOURCE, command], temp.path);
    for (const path of ["/healthz", "/readyz", "/metrics"]) expect((await server.get(path)).status).toBe(200);
    server.kill(signal);
    expect(await server.exited).toBe(0);
    expect(server.log()).toContain('"msg":"stopped"');
  });

  it("takes signals that come together for one, as when a terminal and npm both pass Ctrl-C on", async () => {
    await using server = await start_server([...FROM_SOURCE, command], temp.path);
    server.kill("SIGINT");
    server.kill("SIGTERM");
    expect(await server.exited).toBe(0);
    expect(server.log()).toContain('"msg":"stopped"');
  });

  it.each(["HTTP_PORT", "OTLP_HTTP_PORT", "OTLP_GRPC_PORT", "READ_SPANS_PORT"])(
    "does not start when %s is taken, and says so in one line",
    async (name) => {
      using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
      const { exit_code, stderr } = await run_program([command], { ...PORTS, [name]: String(taken.port) }, temp.path);
      const lines = stderr.trimEnd().split("\n");
      const [line] = lines.filter((text) => !text.startsWith("{"));
      expect(exit_code).toBe(1);
      expect(lines.at(-1)).toBe(line);
      expect(line).toStartWith("junjo-traces: cannot start: ");
      expect(line).toContain(String(taken.port));
    },
  );
});

it("one data directory has one server at a time", async () => {
  await using _ = await start_server([...FROM_SOURCE, "serve"], temp.path);
  const { exit_code, stderr } = await run_program(["serve"], PORTS, temp.path);
  expect(exit_code).toBe(1);
  expect(stderr.trimEnd().split("\n").at(-1)).toStartWith("junjo-traces: cannot start: ");
  expect(stderr).toContain(join(temp.path, ".dbdata", "duckdb", "traces.duckdb"));
});
