import { describe, expect, it } from "bun:test";
import { poll_until } from "../support/poll-until.ts";
import { send_spans } from "../support/sdk.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

const stored = async (server: ServerProcess): Promise<string[]> => {
  const response = await server.get("/otel/service/crash/root_spans?limit=10000");
  return response.ok ? ((await response.json()) as { name: string }[]).map(({ name }) => name) : [];
};

describe("kill -9", () => {
  it("loses nothing that was acknowledged and stores nothing twice, again and again on one directory", async () => {
    using directory = temp_dir();
    const acked: string[] = [];
    for (let round = 0; round < 4; round++) {
      await using server = await start_server([...FROM_SOURCE, "serve"], directory.path);
      const names = Array.from({ length: 20 }, (_, i) => `round ${round} span ${i}`);
      await send_spans(server.ports.otlp_http, "crash", names);
      acked.push(...names);
      // Killed at once, before the store can have them all.
      server.kill("SIGKILL");
      await server.exited;
    }
    await using server = await start_server([...FROM_SOURCE, "serve"], directory.path);
    await poll_until(async () => (await stored(server)).length >= acked.length, { what: "all that was acknowledged" });
    expect((await stored(server)).sort()).toEqual(acked.sort());
  }, 30_000);

  it("takes back what the queue holds when the database file is gone", async () => {
    using directory = temp_dir();
    {
      await using server = await start_server([...FROM_SOURCE, "serve"], directory.path);
      await send_spans(server.ports.otlp_http, "crash", ["kept"]);
      await poll_until(async () => (await stored(server)).length === 1, { what: "the span" });
      server.kill("SIGTERM");
      expect(await server.exited).toBe(0);
    }
    await Bun.$`rm -r ${directory.path}/.dbdata/duckdb`;
    await using server = await start_server([...FROM_SOURCE, "serve"], directory.path);
    await poll_until(async () => (await stored(server)).length === 1, { what: "the span again" });
  }, 30_000);
});
