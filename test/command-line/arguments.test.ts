import { describe, expect, it } from "bun:test";
import { env_name, flag_name, SETTINGS, type SettingName } from "../../src/config/index.ts";
import { parse_arguments, UsageError } from "../../src/command-line/arguments.ts";
import { settings_help } from "../../src/command-line/settings-help.ts";

describe("arguments", () => {
  it("serves unless told otherwise", () => {
    expect(parse_arguments([])).toEqual({ command: "serve", operands: [], key: {}, options: {}, flags: {} });
  });

  it("takes flags before and behind the command", () => {
    const expected = {
      command: "ingest",
      operands: [],
      key: {},
      options: {},
      config_path: "x.toml",
      flags: { http_port: "1", insecure: true },
    };
    expect(parse_arguments(["--http-port", "1", "--insecure", "ingest", "--config", "x.toml"])).toEqual(
      expected as never,
    );
    expect(parse_arguments(["ingest", "--config=x.toml", "--insecure", "--http-port=1"])).toEqual(expected as never);
  });

  it.each(["--http-port", "--http_port", "--HTTP_PORT", "--HTTP-PORT"])("takes %s", (flag) => {
    expect(parse_arguments([flag, "1"])?.flags).toEqual({ http_port: "1" });
    expect(parse_arguments([`${flag}=1`])?.flags).toEqual({ http_port: "1" });
  });

  it("reads what belongs to a key", () => {
    expect(parse_arguments(["keys", "add", "--name", "a", "--scope", "ingest", "--scope", "read"])).toMatchObject({
      command: "keys add",
      key: { name: "a", scope: ["ingest", "read"] },
    });
    expect(parse_arguments(["keys", "revoke", "a"])).toMatchObject({ command: "keys revoke", operands: ["a"] });
  });

  it("has a flag for every setting", () => {
    const names = Object.keys(SETTINGS) as SettingName[];
    const args = names.flatMap((name) => (name === "insecure" ? [flag_name(name)] : [flag_name(name), "some_Value"]));
    const values = names.map((name) => [name, name === "insecure" ? true : "some_Value"]);
    expect(parse_arguments(args)?.flags).toEqual(Object.fromEntries(values));
  });

  it.each([
    [["--http-prot", "1"], "unknown option '--http-prot'"],
    [["--http-port"], "option '--http-port <value>' argument missing"],
    [["server"], 'there is no command "server"; try --help'],
    [["constructor"], 'there is no command "constructor"; try --help'],
    [["serve", "ingest"], 'it is "serve"; try --help'],
    [["keys"], 'there is no command "keys"; try --help'],
    [["keys", "make"], 'there is no command "keys make"; try --help'],
    [["keys", "revoke"], 'it is "keys revoke ID|NAME"; try --help'],
    [["backup", "a", "b"], 'it is "backup DIR"; try --help'],
    [["keys", "add", "--scope", "write"], /argument 'write' is invalid. Allowed choices are ingest, read./],
    [["serve", "--name", "x"], "--name and --scope are for keys add"],
  ])("refuses %p", (argv, complaint) => {
    expect(() => parse_arguments(argv)).toThrow(complaint);
    expect(() => parse_arguments(argv)).toThrow(UsageError);
  });
});

describe("the help about settings", () => {
  it.each(Object.keys(SETTINGS) as SettingName[])("says what %s is", (name) => {
    const [heading, why] = settings_help()
      .split(`\n  ${flag_name(name)} `)[1]
      .split("\n");
    expect(heading).toContain(` ${env_name(name)} `);
    expect(why.trim()).toBe(SETTINGS[name].why);
  });

  it("gives defaults with their units", () => {
    expect(settings_help()).toMatch(/--poll-interval-ms +POLL_INTERVAL_MS +\[5000 ms\]/);
    expect(settings_help()).toMatch(/--request-bytes-max +REQUEST_BYTES_MAX +\[67108864 bytes\]/);
    expect(settings_help()).toMatch(/--api-keys +API_KEYS +\[not set\]/);
  });
});
