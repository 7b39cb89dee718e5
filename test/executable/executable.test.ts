import { afterEach, beforeAll, beforeEach, describe, expect, it } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { fresh_executable } from "../../scripts/executable.ts";
import { poll_until } from "../support/poll-until.ts";
import { send_spans } from "../support/sdk.ts";
import { type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

const BUILD_MS_MAX = 120_000;

let built: string;
let temp: TempDir;
let executable: string;

beforeAll(async () => {
  built = await fresh_executable();
}, BUILD_MS_MAX);

beforeEach(() => {
  temp = temp_dir();
  executable = join(temp.path, "junjo-traces");
  copyFileSync(built, executable);
  chmodSync(executable, 0o755);
});
afterEach(() => temp[Symbol.dispose]());

/** Libraries go to the test's own directory: HOME stays unset, but the machine's temporary directory is not littered. */
const start = (env: Record<string, string> = {}) =>
  start_server([executable], temp.path, { TMPDIR: temp.path, ...env });

async function span_names(server: ServerProcess, service_name: string): Promise<string[]> {
  const rows = (await (await server.get(`/otel/service/${service_name}/root_spans`)).json()) as { name: string }[];
  return rows.map(({ name }) => name).toSorted();
}

const find_spans = (server: ServerProcess, service_name: string, names: readonly string[]) =>
  poll_until(async () => Bun.deepEquals(await span_names(server, service_name), names), {
    what: `spans ${names.join(", ")}`,
  });

describe("the executable alone in a directory", () => {
  it("takes spans in, answers, stops on SIGTERM and has them after a restart", async () => {
    {
      await using server = await start();
      await send_spans(server.ports.otlp_http, "shop", ["one", "two"]);
      await find_spans(server, "shop", ["one", "two"]);
      const stopping_ms = performance.now();
      server.kill("SIGTERM");
      expect(await server.exited).toBe(0);
      expect(performance.now() - stopping_ms).toBeLessThan(5_000);
    }
    await using again = await start();
    expect(await span_names(again, "shop")).toEqual(["one", "two"]);
  }, 30_000);

  it("has what it acknowledged although it was killed the moment after", async () => {
    const names = Array.from({ length: 20 }, (_, index) => `span ${index + 10}`);
    {
      await using server = await start();
      await send_spans(server.ports.otlp_http, "shop", names);
      server.kill("SIGKILL");
      await server.exited;
    }
    await using again = await start();
    await find_spans(again, "shop", names);
  }, 30_000);

  it("serves its API reference from within itself", async () => {
    await using server = await start();
    for (const path of [
      "/docs",
      "/docs/swagger-ui.css",
      "/docs/swagger-ui-bundle.js",
      "/docs/start.js",
      "/openapi.json",
    ]) {
      expect({ path, status: (await server.get(path)).status }).toEqual({ path, status: 200 });
    }
  });
});

describe("DuckDB's libraries", () => {
  const run = (args: string[], env: Record<string, string>) =>
    Bun.spawnSync([executable, ...args], { cwd: temp.path, env: { TMPDIR: temp.path, ...env } });

  it("are left packed by commands that have no use for them", () => {
    expect(run(["version"], {}).stdout.toString()).toBe(`${version}\n`);
    expect(run(["--help"], {}).exitCode).toBe(0);
    expect(JSON.parse(run(["openapi"], {}).stdout.toString())).toMatchObject({ openapi: "3.1.0" });
    expect(readdirSync(temp.path)).toEqual(["junjo-traces"]);
  });

  it("are unpacked to the cache, and elsewhere when it can't be used", async () => {
    const cache = join(temp.path, "cache");
    {
      await using _ = await start({ XDG_CACHE_HOME: cache });
      expect(readdirSync(join(cache, "junjo-traces"))).toHaveLength(1);
    }
    writeFileSync(join(temp.path, "file"), "");
    await using _ = await start({ XDG_CACHE_HOME: join(temp.path, "file"), HOME: "/proc" });
    expect(readdirSync(temp.path)).toContain(`junjo-traces-${process.getuid?.()}`);
  }, 30_000);

  it("are unpacked anew when they have been damaged", async () => {
    const cache = join(temp.path, "cache", "junjo-traces");
    const env = { XDG_CACHE_HOME: join(temp.path, "cache") };
    await (await start(env))[Symbol.asyncDispose]();
    const library = join(cache, readdirSync(cache)[0], "libduckdb.so");
    chmodSync(library, 0o700);
    writeFileSync(library, "not a library");
    await using server = await start(env);
    expect((await server.get("/readyz")).status).toBe(200);
  }, 30_000);

  it("are never loaded from a directory that others can write to", async () => {
    const open = join(temp.path, "cache");
    mkdirSync(open);
    chmodSync(open, 0o777);
    await using _ = await start({ XDG_CACHE_HOME: open });
    const [directory] = readdirSync(join(open, "junjo-traces"));
    expect(readdirSync(join(open, "junjo-traces", directory))).toEqual([]);
  }, 30_000);
});
