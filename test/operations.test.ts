import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { env_name, SETTINGS, type SettingName } from "../src/config/index.ts";
import { FROM_SOURCE, start_server } from "./support/server-process.ts";
import { temp_dir } from "./support/temp-dir.ts";

// What stands in docs/operations.md and deploy/, held against the program.

const text_of = (path: string) => readFileSync(join(import.meta.dir, "..", path), "utf8");
const names_in = (text: string, pattern: RegExp) => [
  ...new Set(Array.from(text.matchAll(pattern), ([, name]) => name)),
];

describe("docs/operations.md", () => {
  const documented = names_in(text_of("docs/operations.md"), /^\| `(junjo_traces_\w+)` \|/gm);
  let exposed: string[];
  const resources = new AsyncDisposableStack();
  beforeAll(async () => {
    const dir = resources.use(temp_dir());
    const server = resources.use(await start_server(FROM_SOURCE, dir.path, { FORWARD_OTLP: "http://127.0.0.1:9" }));
    exposed = names_in(await (await server.get("/metrics")).text(), /^# TYPE (\w+) /gm);
  });
  afterAll(() => resources.disposeAsync());

  it("has every metric of a running server, and no other", () => {
    expect(exposed.length).toBeGreaterThan(20);
    expect(documented.toSorted()).toEqual(exposed.toSorted());
  });

  it("has the limits that are settings", () => {
    const limits = Object.keys(SETTINGS).filter((name) => /_bytes(_max|_min)?$/.test(name)) as SettingName[];
    expect(limits.filter((name) => !text_of("docs/operations.md").includes(`| \`${env_name(name)}\``))).toEqual([]);
  });
});

describe("deploy/", () => {
  const known = new Set([...(Object.keys(SETTINGS) as SettingName[]).map(env_name), "XDG_CACHE_HOME"]);

  it.each([
    ["junjo-traces.service", /^Environment=(\w+)=/gm],
    ["Dockerfile", /(?:^ENV | )([A-Z_]+)=\//gm],
  ])("%s sets what there is", (file, pattern) => {
    const names = names_in(text_of(`deploy/${file}`), pattern);
    expect(names).toContain("DATA_DIR");
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it("opens the ports that are listened on by default", () => {
    const ports = (["http_port", "otlp_grpc_port", "otlp_http_port", "read_spans_port"] as const).map((name) =>
      String(SETTINGS[name].initial),
    );
    const exposed = /^EXPOSE (.*)$/m.exec(text_of("deploy/Dockerfile"))?.[1].split(" ");
    expect(exposed?.toSorted()).toEqual(ports.toSorted());
    const published = names_in(text_of("deploy/compose.yaml"), /^ +- "127\.0\.0\.1:(\d+):\1"$/gm);
    expect(published.length).toBe(3);
    expect(published.filter((port) => !ports.includes(port))).toEqual([]);
  });

  it("mounts ./.dbdata where the server looks for its data", () => {
    expect(text_of("deploy/compose.yaml")).toContain("- ./.dbdata:/dbdata\n");
    expect(text_of("deploy/Dockerfile")).toMatch(/^ENV DATA_DIR=\/dbdata HOST=0\.0\.0\.0$/m);
  });
});
