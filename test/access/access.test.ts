import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { Database } from "bun:sqlite";
import { readFileSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  AccessError,
  add_key,
  open_access,
  parse_setting_key,
  presented_key,
  read_keys,
  revoke,
  SCOPES,
} from "../../src/access/index.ts";
import { create_metrics } from "../../src/observe/index.ts";
import { access_with } from "../support/access.ts";
import { collecting_logger } from "../support/collecting-logger.ts";
import { poll_until } from "../support/poll-until.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
let path: string;
beforeEach(() => {
  dir = temp_dir();
  path = join(dir.path, "data", "keys.sqlite");
});
afterEach(() => dir[Symbol.dispose]());

describe("the key file", () => {
  it("keeps a digest of a random key and nothing of the key itself", () => {
    const { key } = add_key(path, SCOPES);
    expect(key).toMatch(/^jt_[\w-]{43}$/);
    expect(add_key(path, SCOPES).key).not.toBe(key);
    expect(readFileSync(path).includes(key.slice(3))).toBe(false);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("lists keys with their scopes, revoked ones too", () => {
    add_key(path, ["ingest"], "collector");
    add_key(path, SCOPES);
    revoke(path, "2");
    expect(read_keys(path)).toMatchObject([
      { id: 1, name: "collector", scopes: ["ingest"], revoked_at: null },
      { id: 2, name: "key-2", scopes: ["ingest", "read"], revoked_at: expect.stringMatching(/^20\d\d-.*Z$/) },
    ]);
  });

  it("gives a name to one live key at a time", () => {
    add_key(path, SCOPES, "a");
    expect(() => add_key(path, SCOPES, "a")).toThrow("there is a key of that name already");
    revoke(path, "a");
    expect(add_key(path, SCOPES, "a").name).toBe("a");
  });

  it.each(["1", "", "a b", 'a"', "ü", "a".repeat(65)])("refuses the name %p", (name) => {
    expect(() => add_key(path, SCOPES, name)).toThrow(AccessError);
    expect(read_keys(path)).toEqual([]);
  });

  it("revokes what is there and was not revoked before", () => {
    add_key(path, SCOPES, "a");
    revoke(path, "a");
    expect(() => revoke(path, "a")).toThrow('there is no key "a" that could be revoked');
    expect(() => revoke(path, "2")).toThrow(AccessError);
  });
});

describe("keys of a setting", () => {
  it("are for everything unless they say for what", () => {
    expect(parse_setting_key("a")).toEqual({ key: "a", scopes: ["ingest", "read"] });
    expect(parse_setting_key("a:read")).toEqual({ key: "a", scopes: ["read"] });
    expect(parse_setting_key("jt_-_.~+/=:ingest")).toEqual({ key: "jt_-_.~+/=", scopes: ["ingest"] });
  });

  it.each(["", ":read", "a:", "a:write", "a:read:read", "a b", "ä"])("are not %p", (text) => {
    expect(parse_setting_key(text)).toBeNull();
  });
});

describe("a decision", () => {
  it("is yes to everybody when there are no keys", () => {
    const access = open_access({ key_file_path: path });
    expect(access.check(undefined, "read")).toBe("allowed");
    expect(access.check("anything", "ingest")).toBe("allowed");
  });

  it("depends on the key and its scope when there are some", () => {
    const access = access_with(["both", "in:ingest", "out:read"]);
    const decisions = (key: string | undefined) => SCOPES.map((scope) => access.check(key, scope));
    expect(decisions("both")).toEqual(["allowed", "allowed"]);
    expect(decisions("in")).toEqual(["allowed", "forbidden"]);
    expect(decisions("out")).toEqual(["forbidden", "allowed"]);
    for (const key of ["in:ingest", "bot", "both ", "BOTH", "", undefined]) {
      expect(decisions(key)).toEqual(["unauthenticated", "unauthenticated"]);
    }
  });

  it("takes keys of the file and of the setting", () => {
    const { key } = add_key(path, ["read"]);
    const access = open_access({ key_file_path: path, setting_keys: [{ key: "set", scopes: SCOPES }] });
    expect(access.check(key, "read")).toBe("allowed");
    expect(access.check("set", "ingest")).toBe("allowed");
  });

  it("follows the file, from before there was one to after its last key was revoked", async () => {
    const access = open_access({ key_file_path: path });
    expect(access.check(undefined, "read")).toBe("allowed");
    const { key, name } = add_key(path, ["ingest"]);
    const one_second = { deadline_ms: 1_000, what: "the change noticed" };
    await poll_until(() => access.check(undefined, "read") === "unauthenticated", one_second);
    expect(access.check(key, "ingest")).toBe("allowed");
    expect(access.check(key, "read")).toBe("forbidden");
    revoke(path, name);
    await poll_until(() => access.check(key, "ingest") === "unauthenticated", one_second);
  });

  it("is counted for each key by name, and for strangers together", async () => {
    const { key } = add_key(path, ["ingest"], "collector");
    const metrics = create_metrics();
    const access = open_access({ key_file_path: path, part: "ingest", metrics });
    access.check(key, "ingest");
    access.check(key, "read");
    access.check("stranger", "read");
    access.check(undefined, "read");
    const text = await metrics.render();
    expect(text).toContain('junjo_traces_ingest_key_requests_total{key="collector",decision="allowed"} 1');
    expect(text).toContain('junjo_traces_ingest_key_requests_total{key="collector",decision="forbidden"} 1');
    expect(text).toContain("junjo_traces_ingest_unauthenticated_requests_total 2");
    expect(text).not.toContain(key);
    expect(text).not.toContain("stranger");
  });
});

describe("a key file that goes wrong", () => {
  it("is one error in the log, and the keys that were known still count, when it is gone", () => {
    const { key } = add_key(path, SCOPES);
    const { logger, lines } = collecting_logger();
    const access = open_access({ key_file_path: path, logger });
    renameSync(path, `${path}.away`);
    access.reload();
    access.reload();
    expect(access.check(undefined, "read")).toBe("unauthenticated");
    expect(access.check(key, "read")).toBe("allowed");
    expect(lines.map(({ level }) => level)).toEqual([50]);
    renameSync(`${path}.away`, path);
    revoke(path, "1");
    access.reload();
    expect(access.check(key, "read")).toBe("unauthenticated");
  });

  it("lets nobody in when it can't be read and nothing was known", async () => {
    const { logger, lines } = collecting_logger();
    const access = open_access({ key_file_path: path, logger });
    expect(access.check(undefined, "read")).toBe("allowed");
    await Bun.write(path, "this is no database, whatever its name says".repeat(100));
    access.reload();
    expect(access.check(undefined, "read")).toBe("unauthenticated");
    expect(lines).toHaveLength(1);
  });

  it("stops the start", async () => {
    await Bun.write(path, "this is no database, whatever its name says".repeat(100));
    expect(() => open_access({ key_file_path: path })).toThrow(AccessError);
  });

  it("is waited for while another command changes it", () => {
    add_key(path, SCOPES);
    const access = open_access({ key_file_path: path });
    using other = new Database(path);
    other.run("BEGIN EXCLUSIVE");
    access.reload();
    expect(access.check(undefined, "read")).toBe("unauthenticated");
    other.run("ROLLBACK");
  });
});

describe("the key that a request shows", () => {
  const of = (headers: Record<string, string>) => presented_key((name) => headers[name]);

  it("is taken from the first header that has one", () => {
    expect(of({ "x-junjo-api-key": "a", "x-api-key": "b", authorization: "Bearer c" })).toBe("a");
    expect(of({ "x-junjo-api-key": "", "x-api-key": "b" })).toBe("b");
    expect(of({ authorization: "bearer  c " })).toBe("c");
    expect(of({ authorization: "Basic c" })).toBeUndefined();
    expect(of({})).toBeUndefined();
  });
});
