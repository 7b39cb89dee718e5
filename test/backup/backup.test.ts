import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { poll_until } from "../support/poll-until.ts";
import { run_program } from "../support/program.ts";
import { send_spans } from "../support/sdk.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const FILES = ["duckdb", "keys.sqlite", "poller.sqlite", "wal"];

let dir: TempDir;
beforeEach(() => {
  dir = temp_dir();
});
afterEach(() => dir[Symbol.dispose]());

const target = () => join(dir.path, "copies", "monday");
const backup = (env: Record<string, string> = {}) => run_program(["backup", target()], env, dir.path);

async function stored_names(server: ServerProcess): Promise<string[]> {
  const response = await server.get("/otel/service/shop/root_spans?limit=10000");
  return ((await response.json()) as { name: string }[]).map(({ name }) => name);
}

/** Everything acknowledged in `acked` is found once on a server started on the copy, and takes in what comes next. */
async function expect_restorable(acked: readonly string[]): Promise<void> {
  await using restored = await start_server(FROM_SOURCE, dir.path, { DATA_DIR: target() });
  const found = await poll_until(
    async () => {
      const names = await stored_names(restored);
      return acked.every((name) => names.includes(name)) && names;
    },
    { what: "everything acknowledged" },
  );
  expect(new Set(found).size).toBe(found.length);
  await send_spans(restored.ports.otlp_http, "shop", ["after the restore"]);
  await poll_until(async () => (await stored_names(restored)).includes("after the restore"), { what: "a new span" });
}

describe("a backup", () => {
  it("made under load holds all that was acknowledged before, once", async () => {
    await using server = await start_server(FROM_SOURCE, dir.path);
    const acked: string[] = [];
    const enough = new AbortController();
    const load = (async () => {
      for (let count = 0; !enough.signal.aborted; count++) {
        const names = Array.from({ length: 20 }, (_, index) => `span ${count}.${index}`);
        await send_spans(server.ports.otlp_http, "shop", names);
        acked.push(...names);
      }
    })();
    await poll_until(() => acked.length >= 200, { what: "some load" });
    const acked_before = [...acked];
    const { exit_code, stdout, stderr } = await backup();
    const acked_then = acked.length;
    await poll_until(() => acked.length > acked_then, { what: "the load going on" });
    enough.abort();
    await load;
    expect({ exit_code, stderr }).toEqual({ exit_code: 0, stderr: "" });
    expect(stdout).toContain(`${target()}/duckdb/traces.duckdb: `);
    await poll_until(() => server.log().includes("held for a backup"), { what: "the hold noted" });
    const last = acked.at(-1) ?? "";
    await poll_until(async () => (await stored_names(server)).includes(last), { what: "the server storing again" });
    await expect_restorable(acked_before);
  }, 30_000);

  it("made of a server that was killed holds all that it had acknowledged", async () => {
    const names = Array.from({ length: 300 }, (_, index) => `span ${index}`);
    {
      await using server = await start_server(FROM_SOURCE, dir.path);
      await send_spans(server.ports.otlp_http, "shop", names);
    }
    expect(existsSync(join(dir.path, ".dbdata", "hold.sock"))).toBe(true);
    expect((await backup()).exit_code).toBe(0);
    await expect_restorable(names);
  }, 30_000);

  it("holds keys and cursors, laid out as a data directory, for nobody else to read", async () => {
    {
      await using server = await start_server(FROM_SOURCE, dir.path);
      await send_spans(server.ports.otlp_http, "shop", ["one"]);
      await poll_until(async () => (await stored_names(server)).length === 1, { what: "the span" });
    }
    await run_program(["keys", "add", "--name", "kept"], {}, dir.path);
    mkdirSync(target(), { recursive: true });
    expect((await backup()).exit_code).toBe(0);
    expect(readdirSync(target()).sort()).toEqual(FILES);
    expect(readdirSync(join(dir.path, "copies"))).toEqual(["monday"]);
    expect(statSync(join(target(), "keys.sqlite")).mode & 0o777).toBe(0o600);
    expect((await run_program(["keys", "list"], { DATA_DIR: target() })).stdout).toContain("kept");
  });

  it("goes nowhere where something is, and leaves it as it was", async () => {
    mkdirSync(target(), { recursive: true });
    await Bun.write(join(target(), "precious"), "");
    const { exit_code, stderr } = await backup();
    expect(exit_code).toBe(1);
    expect(stderr).toBe(`junjo-traces: no backup: ${target()} is there already, and not empty\n`);
    expect(readdirSync(join(dir.path, "copies"))).toEqual(["monday"]);
    expect(readdirSync(target())).toEqual(["precious"]);
  });

  it("is not made of nothing", async () => {
    expect(await backup()).toMatchObject({ exit_code: 1, stderr: expect.stringContaining("there is nothing in") });
    expect(readdirSync(join(dir.path, "copies"))).toEqual([]);
  });

  it("is not made past a server that can't be asked", async () => {
    await using server = await start_server(FROM_SOURCE, dir.path);
    await send_spans(server.ports.otlp_http, "shop", ["one"]);
    await Bun.file(join(dir.path, ".dbdata", "hold.sock")).delete();
    expect(await backup()).toMatchObject({
      exit_code: 1,
      stderr: expect.stringMatching(/can't lock .*Conflicting lock/),
    });
    expect(existsSync(target())).toBe(false);
  });

  it("keeps a server from starting on data that no server has open", async () => {
    {
      await using server = await start_server(FROM_SOURCE, dir.path);
      await send_spans(server.ports.otlp_http, "shop", ["one"]);
    }
    const { lock_store_file } = await import("../../src/store/index.ts");
    const path = join(dir.path, ".dbdata", "duckdb", "traces.duckdb");
    await using _lock = await lock_store_file(path);
    const { exit_code, stderr } = await run_program([], { HTTP_PORT: "0" }, dir.path);
    expect(exit_code).toBe(1);
    expect(stderr).toMatch(/cannot start: .*Could not set lock/);
  });
});
