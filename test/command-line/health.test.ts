import { describe, expect, it } from "bun:test";
import { run_program } from "../support/program.ts";
import { FROM_SOURCE, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

describe("health", () => {
  it("is code 0 when the server is ready, wherever it listens", async () => {
    using dir = temp_dir();
    const env = { HOST: "0.0.0.0", API_KEYS: "key" };
    await using server = await start_server(FROM_SOURCE, dir.path, env);
    const health = await run_program(["health"], { ...env, HTTP_PORT: String(server.ports.http) }, dir.path);
    expect(health).toEqual({ exit_code: 0, stdout: "ready\n", stderr: "" });
  });

  it("is code 1 when it is not, and says why", async () => {
    using not_ready = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: () => new Response("later", { status: 503 }),
    });
    const HTTP_PORT = String(not_ready.port);
    expect(await run_program(["health"], { HTTP_PORT })).toMatchObject({ exit_code: 1, stdout: "later\n" });
    await not_ready.stop(true);
    const gone = await run_program(["health"], { HTTP_PORT });
    expect(gone.exit_code).toBe(1);
    expect(gone.stdout).toStartWith(`no answer from http://127.0.0.1:${HTTP_PORT}/readyz: `);
  });
});
