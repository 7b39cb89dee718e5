import { describe, expect, it } from "bun:test";
import { join } from "node:path";
import { version } from "../../package.json" with { type: "json" };
import { SETTINGS, env_name, type SettingName } from "../../src/config/index.ts";
import { run_program } from "../support/program.ts";
import { temp_dir } from "../support/temp-dir.ts";

describe("junjo-traces", () => {
  it("prints its version", async () => {
    const expected = { exit_code: 0, stdout: `${version}\n`, stderr: "" };
    expect(await run_program(["version"])).toEqual(expected);
    expect(await run_program(["--version"])).toEqual(expected);
  });

  it("prints its commands and every setting", async () => {
    const { exit_code, stdout } = await run_program(["--help"]);
    expect(exit_code).toBe(0);
    for (const command of ["serve", "ingest", "openapi", "version"])
      expect(stdout).toMatch(new RegExp(`^  ${command} `, "m"));
    for (const name of Object.keys(SETTINGS)) expect(stdout).toContain(env_name(name as SettingName));
  });

  it.each([
    [["--nope"], {}, "junjo-traces: unknown option '--nope'"],
    [["nope"], {}, 'junjo-traces: there is no command "nope"; try --help'],
    [["--http-port=x"], {}, 'junjo-traces: --http-port="x": expected a whole number from 0 to 65535'],
    [["serve"], { HTTP_PORT: "x" }, 'junjo-traces: HTTP_PORT="x": expected a whole number from 0 to 65535'],
    [
      ["--config", "missing.toml"],
      {},
      "junjo-traces: missing.toml: ENOENT: no such file or directory, open 'missing.toml'",
    ],
    [["ingest"], { CONFIG_FILE: "/" }, "junjo-traces: /: EISDIR: illegal operation on a directory, read"],
    [["--host", "0.0.0.0"], {}, "junjo-traces: HOST=0.0.0.0 listens beyond this machine without API keys"],
  ])("answers %p %p with one line and code 2", async (args, env, complaint) => {
    const { exit_code, stdout, stderr } = await run_program(args, env);
    expect({ exit_code, stdout }).toEqual({ exit_code: 2, stdout: "" });
    expect(stderr.trimEnd().split("\n")).toEqual([expect.stringContaining(complaint)]);
  });

  it.each([
    ["http_prot = 1", 'unknown setting "http_prot"'],
    ["http_port = 70000", "http_port=70000: expected a whole number from 0 to 65535"],
    ["[server]\nhttp_port = 1", 'unknown setting "server"'],
    ["http_port = ", "TOML Parse error: Missing value after '='"],
  ])("answers a settings file that holds %p with one line and code 2", async (toml, complaint) => {
    using dir = temp_dir();
    const path = join(dir.path, "settings.toml");
    await Bun.write(path, toml);
    const { exit_code, stderr } = await run_program(["serve", "--config", path]);
    expect(exit_code).toBe(2);
    expect(stderr).toBe(`junjo-traces: ${path}: ${complaint}\n`);
  });
});
