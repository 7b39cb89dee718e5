import { describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { poll_until } from "../support/poll-until.ts";
import { send_spans } from "../support/sdk.ts";
import { FROM_SOURCE, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

// Each was left behind by a release, killed, and made by scripts/make-data-fixture.ts: its .dbdata, and answers.json with
// the text that release answered, by path.
const FIXTURES = join(import.meta.dir, "..", "fixtures");
const ARCHIVES = readdirSync(FIXTURES).filter((name) => /^data-\d{4}\.tar\.gz$/.test(name));

const QUESTIONS = [
  /^\/otel\/span_service_names$/,
  /^\/otel\/service\/[^/]+\/root_spans$/,
  /^\/otel\/service\/[^/]+\/root_spans_filtered$/,
  /^\/otel\/trace\/\w+\/nested_spans$/,
  /^\/otel\/trace\/\w+\/span\/\w+$/,
  /^\/otel\/spans\/type\/workflow\/[^/]+$/,
];

it("there are data of the first release", () => {
  expect(ARCHIVES).toContain("data-0001.tar.gz");
});

describe.each(ARCHIVES)("%s", (archive) => {
  it("is opened, answers every question as before, and takes in more", async () => {
    using dir = temp_dir();
    const unpacked = Bun.spawnSync(["tar", "-xzf", join(FIXTURES, archive), "--no-same-owner", "-C", dir.path]);
    expect(unpacked.stderr.toString()).toBe("");
    const answers = (await Bun.file(join(dir.path, "answers.json")).json()) as Record<string, string>;
    const paths = Object.keys(answers);
    for (const question of QUESTIONS) expect(paths.some((path) => question.test(path))).toBe(true);

    await using server = await start_server(FROM_SOURCE, dir.path);
    for (const path of paths) {
      // Rows may have more columns by now.
      expect(await (await server.get(path)).json()).toMatchObject(JSON.parse(answers[path]));
    }
    await send_spans(server.ports.otlp_http, "after-the-upgrade", ["new"]);
    const new_roots = async () => (await server.get("/otel/service/after-the-upgrade/root_spans")).json();
    await poll_until(async () => ((await new_roots()) as unknown[]).length === 1, { what: "the new span" });
    expect(server.log()).not.toMatch(/"level":[56]0/);
  }, 30_000);
});
