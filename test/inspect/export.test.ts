import { afterEach, beforeEach, describe, expect, it } from "bun:test";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { PATCH_COLUMNS, SPAN_COLUMNS } from "../../src/decode/index.ts";
import { export_rows } from "../../src/inspect/index.ts";
import type { RowFilter } from "../../src/store/index.ts";
import { capture_body, capture_names } from "../support/captures.ts";
import { config_of, open_data_store, patched_span } from "../support/data-dir.ts";
import { span_init, text_attributes } from "../support/otlp.ts";
import { JSON_TYPE, post_otlp, PROTOBUF } from "../support/otlp-http.ts";
import { run_program, start_program } from "../support/program.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { append_spans } from "../support/store.ts";
import { temp_dir, type TempDir } from "../support/temp-dir.ts";

let dir: TempDir;
beforeEach(() => {
  dir = temp_dir();
});
afterEach(() => dir[Symbol.dispose]());

const in_dir = (name: string) => join(dir.path, name);
const run_on = (data_dir: string, ...args: string[]) => run_program(args, { DATA_DIR: data_dir }, dir.path);

async function stdout_of(data_dir: string, ...args: string[]): Promise<string> {
  const { exit_code, stdout, stderr } = await run_on(data_dir, ...args);
  expect({ exit_code, stderr }).toEqual({ exit_code: 0, stderr: "" });
  return stdout;
}

const export_lines = async (data_dir: string, ...args: string[]): Promise<string[]> =>
  (await stdout_of(data_dir, "export", ...args))
    .split("\n")
    .filter((line) => line !== "")
    .sort();

async function send(server: ServerProcess, body: Uint8Array | string, type: string): Promise<void> {
  const response = await post_otlp(`http://127.0.0.1:${server.ports.otlp_http}`, body, { type });
  expect(response.status).toBe(200);
  expect(await response.bytes()).toHaveLength(type === JSON_TYPE ? 2 : 0);
}

const PATCHES = "SELECT * FROM state_patches ORDER BY patch_id";

describe("an export of what real SDKs sent", () => {
  it("beside a running server makes the same rows elsewhere, where no server need run to see it", async () => {
    const [from, to, file] = [in_dir("from"), in_dir("to"), in_dir("spans.otlp.jsonl")];
    const expected = { spans: [] as string[], patches: "" };
    {
      await using server = await start_server(FROM_SOURCE, dir.path, { DATA_DIR: from });
      for (const name of capture_names(".pb")) await send(server, capture_body(name), PROTOBUF);
      expect(await stdout_of(from, "export", "--format", "otlp-json", "--output", file)).toBe("");
      expected.spans = await export_lines(from, "--format", "jsonl");
      expected.patches = await stdout_of(from, "sql", PATCHES, "--format", "json");
    }
    expect(expected.spans.length).toBeGreaterThan(100);
    expect((JSON.parse(expected.patches) as unknown[]).length).toBeGreaterThan(10);
    {
      await using server = await start_server(FROM_SOURCE, dir.path, { DATA_DIR: to });
      for (const line of (await Bun.file(file).text()).trimEnd().split("\n")) await send(server, line, JSON_TYPE);
      server.kill("SIGKILL");
      await server.exited;
    }
    expect(await export_lines(to, "--format", "jsonl")).toEqual(expected.spans);
    expect(await stdout_of(to, "sql", PATCHES, "--format", "json")).toBe(expected.patches);
    expect(readdirSync(dir.path).sort()).toEqual(["from", "spans.otlp.jsonl", "to"]);
  }, 30_000);
});

describe("an export", () => {
  const TRACE = "0af7651916cd43dd8448eb211c80319c";
  const at = (second: number) => ({
    startTimeUnixNano: BigInt(Date.UTC(2026, 10, 23, 18, 0, second)) * 1_000_000n + 123_456n,
  });

  beforeEach(async () => {
    await using store = await open_data_store(in_dir("data"));
    await append_spans(store, [span_init({ name: "a", ...at(1) }), patched_span({ name: "b", ...at(2) })], "shop");
    await store.seal();
    await append_spans(store, [patched_span({ name: "c", ...at(3), traceId: Buffer.from(TRACE, "hex") })], "bank");
  });

  let file_count = 0;

  async function names(filter: Partial<RowFilter> = {}): Promise<string[]> {
    const output_path = in_dir(`${++file_count}.jsonl`);
    const any: RowFilter = { since_us: null, until_us: null, service_name: null, trace_id: null };
    await export_rows(config_of(in_dir("data")), { format: "jsonl", filter: { ...any, ...filter }, output_path });
    const lines = (await Bun.file(output_path).text()).split("\n").filter((line) => line !== "");
    return lines.map((line) => (JSON.parse(line) as { name: string }).name).sort();
  }

  it("has what was asked for", async () => {
    const second_us = (second: number) => BigInt(Date.UTC(2026, 10, 23, 18, 0, second)) * 1000n + 123n;
    expect(await names()).toEqual(["a", "b", "c"]);
    expect(await names({ since_us: second_us(2) })).toEqual(["b", "c"]);
    expect(await names({ since_us: second_us(1) + 1n, until_us: second_us(3) - 1n })).toEqual(["b"]);
    expect(await names({ until_us: second_us(1) })).toEqual(["a"]);
    expect(await names({ service_name: "bank" })).toEqual(["c"]);
    expect(await names({ trace_id: TRACE })).toEqual(["c"]);
    expect(await names({ trace_id: TRACE, service_name: "shop" })).toEqual([]);
  });

  it("as OTLP has the attributes that have no column, also of a span without patches", async () => {
    const attributes = text_attributes({ "junjo.id": "own", "junjo.workflow_id": "w", "node.id": "n" });
    {
      await using store = await open_data_store(in_dir("ids"));
      await append_spans(store, [span_init({ attributes })], "s");
    }
    const lines = await export_lines(in_dir("ids"), "--format", "otlp-json");
    expect(lines).toHaveLength(1);
    const { resourceSpans } = JSON.parse(lines[0]) as {
      resourceSpans: { scopeSpans: { spans: { attributes: { key: string; value: { stringValue: string } }[] }[] }[] }[];
    };
    const [span] = resourceSpans[0].scopeSpans[0].spans;
    expect(new Map(span.attributes.map(({ key, value }) => [key, value.stringValue]))).toEqual(
      new Map([
        ["junjo.id", "own"],
        ["junjo.workflow_id", "w"],
        ["node.id", "n"],
      ]),
    );
  });

  it("has a row a line, however its JSON was written", async () => {
    const state = '{\r\n  "text": "a\\nb",\n\n  "big": 9007199254740993\n}';
    {
      await using store = await open_data_store(in_dir("pretty"));
      await append_spans(
        store,
        [span_init({ attributes: text_attributes({ "junjo.workflow.state.start": state }) })],
        "s",
      );
    }
    const lines = await export_lines(in_dir("pretty"), "--format", "jsonl");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0])).toMatchObject({ junjo_wf_state_start: JSON.parse(state) as object });
    expect(lines[0]).toContain("9007199254740993");
  });

  it("takes times and ids as they are written", async () => {
    const asked = [
      "--since",
      "2026-11-23T19:00:01.000124+01:00",
      "--until",
      "2026-11-23T18:00:03.5Z",
      "--trace",
      TRACE.toUpperCase(),
    ];
    expect(await export_lines(in_dir("data"), "--format", "jsonl", ...asked)).toEqual([
      expect.stringContaining('"name":"c"'),
    ]);
  });

  async function parquet(...args: string[]): Promise<{ columns: string[]; rows: unknown[][] }> {
    const path = in_dir(`${args.length}.parquet`);
    await stdout_of(in_dir("data"), "export", "--format", "parquet", "--output", path, ...args);
    const connection = await (await DuckDBInstance.create(":memory:")).connect();
    const result = await connection.runAndReadAll(`FROM '${path}' ORDER BY ALL`);
    connection.closeSync();
    return { columns: result.columnNames(), rows: result.getRows() };
  }

  it("as Parquet has every column, of spans or of their state patches", async () => {
    const spans = await parquet();
    expect(spans.columns).toEqual(SPAN_COLUMNS.map(({ name }) => name));
    expect(spans.rows).toHaveLength(3);
    const patches = await parquet("--table", "state_patches");
    expect(patches.columns).toEqual(PATCH_COLUMNS.map(({ name }) => name));
    expect(patches.rows).toHaveLength(4);
    expect((await parquet("--table", "state_patches", "--trace", TRACE)).rows).toHaveLength(2);
  });

  it("leaves a file that is there as it is, and nothing where it fails", async () => {
    await Bun.write(in_dir("taken"), "precious");
    const failing = (path: string) => run_on(in_dir("data"), "export", "--format", "jsonl", "--output", in_dir(path));
    expect(await failing("taken")).toMatchObject({
      exit_code: 1,
      stderr: `junjo-traces: ${in_dir("taken")} is there already\n`,
    });
    expect(await Bun.file(in_dir("taken")).text()).toBe("precious");
    expect(await failing("no/where")).toMatchObject({
      exit_code: 1,
      stderr: expect.stringContaining(`can't write ${in_dir("no/where")}: `),
    });
    expect(readdirSync(dir.path).sort()).toEqual(["data", "taken"]);
  });

  it("is for its owner alone", async () => {
    for (const format of ["jsonl", "otlp-json", "parquet"]) {
      await stdout_of(in_dir("data"), "export", "--format", format, "--output", in_dir(format));
      expect(statSync(in_dir(format)).mode & 0o777).toBe(0o600);
    }
  });

  it("ends without a complaint when its reader has had enough", async () => {
    {
      await using store = await open_data_store(in_dir("data"));
      const attributes = text_attributes({ text: "x".repeat(1_000) });
      // More than a pipe holds.
      await append_spans(
        store,
        Array.from({ length: 2_000 }, () => span_init({ attributes })),
        "shop",
      );
    }
    const program = start_program(["export", "--format", "jsonl"], { DATA_DIR: in_dir("data") }, dir.path);
    const reader = program.stdout.getReader();
    expect((await reader.read()).done).toBe(false);
    await reader.cancel();
    expect([await program.exited, await program.stderr.text()]).toEqual([0, ""]);
  });

  it("makes nothing where nothing is", async () => {
    const nowhere = in_dir("nowhere");
    expect(await run_on(nowhere, "export", "--format", "jsonl")).toEqual({
      exit_code: 1,
      stdout: "",
      stderr: `junjo-traces: there is no data directory ${nowhere}\n`,
    });
    expect(existsSync(nowhere)).toBe(false);
  });

  it("is not made past whoever has the data open", async () => {
    await using _store = await open_data_store(in_dir("data"));
    expect(await run_on(in_dir("data"), "export", "--format", "jsonl")).toMatchObject({
      exit_code: 1,
      stderr: expect.stringMatching(/^junjo-traces: can't open .*lock.*\n$/),
    });
  });
});
