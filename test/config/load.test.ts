import { describe, expect, it } from "bun:test";
import { join, resolve } from "node:path";
import type { SettingKey } from "../../src/access/index.ts";
import {
  ConfigError,
  load_config,
  refuse_open_listeners,
  SETTINGS,
  type ConfigSources,
} from "../../src/config/index.ts";

const load = (sources: Partial<ConfigSources> = {}) => load_config({ flags: {}, env: {}, ...sources });
const file = (values: Record<string, unknown>) => ({ path: "settings.toml", values });

describe("where a value comes from", () => {
  it("is the default when nobody says otherwise", () => {
    const { data_dir, db_duckdb_path, duckdb_memory_bytes, ...rest } = load();
    const defaults = Object.entries(SETTINGS).map(([name, { initial }]) => [name, initial]);
    const resolved = { data_dir: undefined, db_duckdb_path: undefined, duckdb_memory_bytes: undefined };
    expect({ ...rest, ...resolved }).toEqual(Object.fromEntries(defaults));
    expect(db_duckdb_path).toBe(join(data_dir, "duckdb", "traces.duckdb"));
    expect(duckdb_memory_bytes).toBe(
      Math.min(2 ** 30, Math.max(64 * 2 ** 20, Math.floor(process.constrainedMemory() / 8))),
    );
  });

  it("is the flag, then the environment, then the file", () => {
    const sources = { flags: { http_port: "1" }, env: { HTTP_PORT: "2" }, file: file({ http_port: 3 }) };
    expect(load(sources).http_port).toBe(1);
    expect(load({ ...sources, flags: {} }).http_port).toBe(2);
    expect(load({ file: sources.file }).http_port).toBe(3);
  });

  it("passes over an empty text", () => {
    expect(load({ env: { HTTP_PORT: "" }, file: file({ http_port: 3 }) }).http_port).toBe(3);
    expect(load({ env: { HTTP_PORT: "", INGESTION_GRPC_HOST: "" } })).toMatchObject({
      http_port: 1323,
      ingestion_grpc_host: undefined,
    });
  });
});

describe("how a value is read", () => {
  it("makes paths absolute and keeps the database below the data directory", () => {
    expect(load({ env: { DATA_DIR: "some/where" } })).toMatchObject({
      data_dir: resolve("some/where"),
      db_duckdb_path: resolve("some/where/duckdb/traces.duckdb"),
    });
    expect(load({ env: { DATA_DIR: "x", DB_DUCKDB_PATH: "y.duckdb" } }).db_duckdb_path).toBe(resolve("y.duckdb"));
  });

  it("splits keys at commas and takes a list from a file", () => {
    const keys: SettingKey[] = [
      { key: "one", scopes: ["ingest", "read"] },
      { key: "two", scopes: ["ingest"] },
      { key: "three", scopes: ["read"] },
    ];
    expect(load({ env: { API_KEYS: "one, two:ingest,three:read" } }).api_keys).toEqual(keys);
    expect(load({ file: file({ api_keys: ["one", "two:ingest", "three:read"] }) }).api_keys).toEqual(keys);
  });

  it.each([
    [true, true],
    ["true", true],
    ["1", true],
    [false, false],
    ["false", false],
    ["0", false],
  ])("reads INSECURE=%p as %p", (text, value) => {
    expect(load({ flags: { insecure: text } }).insecure).toBe(value);
  });

  it.each<[name: string, value: unknown, complaint: string]>([
    ["http_port", "65536", '--http-port="65536": expected a whole number from 0 to 65535'],
    ["http_port", "-1", '--http-port="-1": expected a whole number from 0 to 65535'],
    ["http_port", "0x10", '--http-port="0x10": expected a whole number from 0 to 65535'],
    ["http_port", " ", '--http-port=" ": expected a whole number from 0 to 65535'],
    ["http_port", true, "--http-port=true: expected a whole number from 0 to 65535"],
    ["http_port", 1.5, "--http-port=1.5: expected a whole number from 0 to 65535"],
    ["poll_interval_ms", "0", '--poll-interval-ms="0": expected a whole number from 1 to 9007199254740991'],
    ["insecure", "maybe", '--insecure="maybe": expected true or false'],
    ["host", 7, "--host=7: expected a text"],
    ["log_level", "loud", '--log-level="loud": expected trace, debug, info, warn, error, fatal'],
    ["api_keys", "s3cret,,", "--api-keys=…: holds an empty key"],
    ["api_keys", "s3cret:write", "--api-keys=…: holds a key that is not KEY, KEY:ingest or KEY:read"],
    ["api_keys", ":read", "--api-keys=…: holds a key that is not KEY, KEY:ingest or KEY:read"],
  ])("refuses %s = %p", (name, value, complaint) => {
    expect(() => load({ flags: { [name]: value } })).toThrow(new ConfigError(complaint));
  });

  it("names the variable or the file that a wrong value comes from", () => {
    expect(() => load({ env: { HTTP_PORT: "x" } })).toThrow(/^HTTP_PORT="x": /);
    expect(() => load({ file: file({ http_port: "x" }) })).toThrow(/^settings.toml: http_port="x": /);
  });

  it("refuses a setting that the file alone knows", () => {
    expect(() => load({ file: file({ http_prot: 1 }) })).toThrow('settings.toml: unknown setting "http_prot"');
    expect(() => load({ file: file({ toString: 1 }) })).toThrow('settings.toml: unknown setting "toString"');
  });
});

describe("settings that depend on each other", () => {
  it.each(["0.0.0.0", "::", "192.0.2.1", "example.org", "127.evil.example"])("refuses %s without keys", (host) => {
    const complaint = `HOST=${host} listens beyond this machine without API keys`;
    expect(() => refuse_open_listeners(load({ flags: { host } }), false)).toThrow(complaint);
    refuse_open_listeners(load({ flags: { host } }), true);
    refuse_open_listeners(load({ flags: { host, api_keys: "k" } }), false);
    refuse_open_listeners(load({ flags: { host, insecure: true } }), false);
  });

  it.each(["127.0.0.1", "127.1.2.3", "::1", "localhost"])("takes %s without keys", (host) => {
    refuse_open_listeners(load({ flags: { host } }), false);
  });

  it("refuses to mask or forward what another process receives", () => {
    for (const env of [{ MASK_PATTERNS: "emails" }, { FORWARD_OTLP: "http://collector:4318" }]) {
      const load = () => load_config({ flags: {}, env: { ...env, INGESTION_GRPC_HOST: "ingest" } });
      expect(load).toThrow("not with INGESTION_GRPC_HOST");
    }
  });

  it("takes no password into the address that it forwards to", () => {
    expect(() => load({ flags: { forward_otlp: "http://me:secret@collector:4318" } })).toThrow("FORWARD_OTLP_HEADERS");
    expect(load({ flags: { forward_otlp: "http://collector:4318" } }).forward_otlp).toBe("http://collector:4318");
  });

  it("wants a certificate and its key", () => {
    expect(() => load({ flags: { tls_cert_path: "a.pem" } })).toThrow("TLS_CERT_PATH and TLS_KEY_PATH go together");
    expect(() => load({ flags: { tls_key_path: "a.key" } })).toThrow("TLS_CERT_PATH and TLS_KEY_PATH go together");
    load({ flags: { tls_cert_path: "a.pem", tls_key_path: "a.key" } });
  });

  it("trusts authorities only where it speaks TLS", () => {
    const flags = { ingestion_tls_ca_path: "a.pem" };
    expect(() => load({ flags })).toThrow("INGESTION_TLS_CA_PATH is for INGESTION_TLS=true");
    load({ flags: { ...flags, ingestion_tls: true } });
  });

  it("refuses one port for two listeners, unless the system gives them", () => {
    expect(() => load({ flags: { http_port: "4317" } })).toThrow("OTLP_GRPC_PORT and HTTP_PORT are both 4317");
    expect(load({ flags: { http_port: "0", otlp_grpc_port: "0" } })).toMatchObject({ http_port: 0, otlp_grpc_port: 0 });
  });
});
