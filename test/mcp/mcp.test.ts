import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { start_test_api, type TestApi } from "../support/http.ts";
import { hex, int_value, new_id, span_init, type SpanInit, text_attributes } from "../support/otlp.ts";
import { run_program } from "../support/program.ts";
import { FROM_SOURCE } from "../support/server-process.ts";

const CAPTURES = join(import.meta.dir, "..", "captures");
const TIME = 1_795_456_800_123_456_789n;

type Session = AsyncDisposable & {
  client: Client;
  /** The text that a tool gave. */
  text(tool: string, args?: Record<string, unknown>): Promise<string>;
  error(tool: string, args?: Record<string, unknown>): Promise<string>;
};

/** The program as a client of the protocol starts it. */
async function start_session(args: string[], env: Record<string, string> = {}): Promise<Session> {
  const client = new Client({ name: "test", version: "1" });
  const [command, ...rest] = [...FROM_SOURCE, "mcp", ...args];
  await client.connect(new StdioClientTransport({ command, args: rest, env, stderr: "inherit" }));
  const call = async (tool: string, args_of_tool: Record<string, unknown> = {}, is_error = false) => {
    const result = await client.callTool({ name: tool, arguments: args_of_tool });
    const [{ text }] = result.content as { text: string }[];
    expect([tool, Boolean(result.isError), text]).toEqual([tool, is_error, expect.any(String)]);
    return text;
  };
  return {
    client,
    text: (tool, args_of_tool) => call(tool, args_of_tool),
    error: (tool, args_of_tool) => call(tool, args_of_tool, true),
    [Symbol.asyncDispose]: () => client.close(),
  };
}

let api: TestApi;
let session: Session;
const [TRACE, LARGE] = [new_id(16), new_id(16)];
const FAILED = new_id(8);

beforeAll(async () => {
  api = await start_test_api();
  for (const name of readdirSync(CAPTURES).filter((name) => /^junjo-.*flow.*\.pb$/.test(name))) {
    await api.add_request(await Bun.file(join(CAPTURES, name)).bytes());
  }
  const span = (init: SpanInit) =>
    span_init({ traceId: TRACE, startTimeUnixNano: TIME, endTimeUnixNano: TIME + 2_000_000n, ...init });
  const root = span({ name: "plan", attributes: text_attributes({ prompt: "p".repeat(100_000), "a/b": "c" }) });
  const failed = {
    spanId: FAILED,
    parentSpanId: root.spanId,
    startTimeUnixNano: TIME + 1_000_000n,
    status: { code: 2, message: "no model" },
    attributes: [{ key: "big", value: int_value(9_007_199_254_740_993n) }],
  };
  await api.add([root, span({ ...failed, name: "call" })], "trips");
  const many = Array.from({ length: 700 }, (_, i) =>
    span({ traceId: LARGE, name: `step ${i}`, startTimeUnixNano: TIME + BigInt(i) * 1_000_000n }),
  );
  await api.add(many, "large");
  session = await start_session(["--url", `${api.url}/`]);
});
afterAll(async () => {
  await session[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const trace = async (args: Record<string, unknown>) =>
  JSON.parse(await session.text("get_trace", args)) as {
    span_count: number;
    left_out?: string[];
    spans: { name: string; attributes?: unknown }[];
  };

describe("junjo-traces mcp", () => {
  it("says which tools there are, and that they only read", async () => {
    const { tools } = await session.client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      "list_services",
      "search_traces",
      "get_trace",
      "get_span",
      "workflow_state_history",
      "run_sql",
    ]);
    for (const { annotations, description } of tools) {
      expect(annotations).toMatchObject({ readOnlyHint: true });
      expect(description).toBeTruthy();
    }
  });

  it("lists services with what their roots did", async () => {
    const range = { since: "2026-11-23T17:00:00Z", until: "2026-11-23T19:00:00Z" };
    const { services } = JSON.parse(await session.text("list_services", range)) as { services: object[] };
    expect(services).toContainEqual({
      service_name: "trips",
      span_count: 2,
      last_seen: "2026-11-23T18:00:00.123456+00:00",
      total: { roots: 1, errors: 0, p50_duration_ns: 2_000_000, p95_duration_ns: 2_000_000 },
    });
  });

  it("searches traces, page by page, and says what is wrong with a filter", async () => {
    const search = async (args: Record<string, unknown>) =>
      JSON.parse(await session.text("search_traces", args)) as { traces: { trace_id: string }[]; next_cursor: string };
    const found = await search({ filter: "service = trips and status = error", since: "2026-11-23T18:00:00Z" });
    expect(found.traces.map(({ trace_id }) => trace_id)).toEqual([hex(TRACE)]);
    const first = await search({ filter: "workflow", limit: 1 });
    const second = await search({ filter: "workflow", limit: 1, cursor: first.next_cursor });
    expect(second.traces[0].trace_id).not.toBe(first.traces[0].trace_id);
    expect((await search({ filter: "service = trips", until: "9999d" })).traces).toEqual([]);
    expect(await session.error("search_traces", { filter: "servce = x" })).toContain("servce");
  });

  it("gives a trace in the order of its spans, with long texts cut", async () => {
    const text = await session.text("get_trace", { trace_id: hex(TRACE), characters_max: 5_000 });
    expect(text.length).toBeLessThan(6_000);
    expect(text).toContain('"attributes":{"big":9007199254740993}');
    const { spans, left_out } = JSON.parse(text) as Awaited<ReturnType<typeof trace>>;
    expect(left_out).toBeUndefined();
    expect(spans).toEqual([
      expect.objectContaining({
        parent_span_id: null,
        service: "trips",
        name: "plan",
        start_ms: 0,
        duration_ms: 2,
        attributes: { prompt: expect.stringMatching(/^p+… \[\d+ more characters\]$/), "a/b": "c" },
      }),
      expect.objectContaining({
        name: "call",
        start_ms: 1,
        duration_ms: 1,
        status: "error",
        status_message: "no model",
      }),
    ]);
  });

  it("gives the first spans of a large trace and says what it left out", async () => {
    const first = await trace({ trace_id: hex(LARGE) });
    expect(first).toMatchObject({ span_count: 700, left_out: ["the last 600 spans"] });
    expect(first.spans.map(({ name }) => name)).toEqual(Array.from({ length: 100 }, (_, i) => `step ${i}`));
    const short = await trace({ trace_id: hex(LARGE), spans_max: 500, characters_max: 2_000 });
    expect(short.spans.length).toBeLessThan(20);
    expect(short.left_out).toEqual([`the last ${700 - short.spans.length} spans`, "attributes"]);
    expect(await session.error("get_trace", { trace_id: "0".repeat(32) })).toContain("there is no trace");
  });

  it("gives a span whole, or the part of it that was cut", async () => {
    const { spans } = (await trace({ trace_id: hex(TRACE) })) as { spans: { span_id?: string }[] };
    const root = { trace_id: hex(TRACE), span_id: spans[0].span_id };
    const whole = await session.text("get_span", root);
    expect(whole.length).toBeLessThan(40_000);
    expect(whole).toContain('"scope_name":"test"');
    expect(whole).toContain("more characters]");
    const part = { ...root, part: "/attributes_json/prompt", from: 99_990 };
    expect(await session.text("get_span", part)).toBe('"pppppppppp"');
    expect(await session.text("get_span", { ...root, part: "/attributes_json/a~1b" })).toBe('"c"');
    expect(await session.error("get_span", { ...root, part: "/nope" })).toContain("the span has no /nope");
    const failed = await session.text("get_span", { trace_id: hex(TRACE), span_id: hex(FAILED) });
    expect(failed).toContain('"big":9007199254740993');
    expect(await session.error("get_span", { ...root, span_id: "0".repeat(16) })).toContain("There is no such span");
  });

  it("tells how a workflow's state changed, of what Junjo's SDKs have sent", async () => {
    const { rows } = await api.store.sql(
      "SELECT trace_id, span_id, junjo_wf_store_id, junjo_wf_state_start, junjo_wf_state_end FROM spans WHERE junjo_wf_store_id IS NOT NULL",
    );
    expect(rows.length).toBeGreaterThan(10);
    const seen = new Set<number>();
    for (const [trace_id, span_id, store_id, start, end] of rows as string[][]) {
      const history = JSON.parse(await session.text("workflow_state_history", { trace_id, span_id })) as {
        workflow: { span_id: string };
        patch_count: number;
        state_at_start: unknown;
        patches: { event_time: string; node: string }[];
        state_at_end: unknown;
      };
      const { rows: patches } = await api.store.sql(`SELECT * FROM state_patches WHERE patch_store_id = '${store_id}'`);
      expect(history).toMatchObject({ workflow: { span_id }, patch_count: patches.length });
      expect(history.state_at_start).toEqual(JSON.parse(start));
      expect(history.state_at_end).toEqual(JSON.parse(end));
      const times = history.patches.map(({ event_time }) => event_time);
      expect(times).toEqual(times.toSorted());
      for (const { node } of history.patches) expect(node).toBeString();
      seen.add(history.patch_count);
    }
    expect(Math.max(...seen)).toBeGreaterThan(3);
    expect(await session.error("workflow_state_history", { trace_id: hex(TRACE) })).toContain("no workflow there");
  });

  it("runs SQL, with bounded rows, and passes on what is wrong with it", async () => {
    const count = await session.text("run_sql", {
      sql: "SELECT count(*) AS n FROM spans WHERE service_name = 'large'",
    });
    expect(count).toBe('{"columns":[{"name":"n","type":"BIGINT"}],"rows":[[700]]}');
    const cut = await session.text("run_sql", {
      sql: "SELECT name FROM spans WHERE service_name = 'large'",
      rows_max: 10,
    });
    expect(JSON.parse(cut)).toMatchObject({ left_out: "690 rows", rows: { length: 10 } });
    expect(await session.error("run_sql", { sql: "DROP TABLE spans" })).toContain("The SQL is not one SELECT");
  });
});

describe("what a server asks of it", () => {
  it("is a key, where there are keys: by option or environment", async () => {
    await using locked = await start_test_api({ api_keys: ["secret"] });
    await using without = await start_session(["--url", locked.url]);
    expect(await without.error("list_services")).toContain("An API key is required");
    await using by_option = await start_session(["--url", locked.url, "--api-key", "secret"]);
    expect(await by_option.text("list_services")).toContain('"services":[]');
    const env = { JUNJO_TRACES_URL: locked.url, JUNJO_TRACES_API_KEY: "secret" };
    await using by_environment = await start_session([], env);
    expect(await by_environment.text("list_services")).toContain('"services":[]');
  });

  it("is to be there: it says when it is not", async () => {
    await using nobody = await start_session(["--url", "http://127.0.0.1:1"]);
    expect(await nobody.error("list_services")).toContain("no answer from http://127.0.0.1:1");
  });

  it("is answered when the input has ended meanwhile", async () => {
    const clientInfo = { name: "test", version: "1" };
    const messages = [
      { id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } },
      { method: "notifications/initialized" },
      { id: 2, method: "tools/call", params: { name: "run_sql", arguments: { sql: "SELECT 42 AS answer" } } },
    ].map((message) => `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
    const program = Bun.spawn([...FROM_SOURCE, "mcp", "--url", api.url], { env: {}, stdin: new Blob(messages) });
    const answers = (await program.stdout.text()).trim().split("\n");
    expect(answers).toEqual([expect.stringContaining('"id":1'), expect.stringContaining("[[42]]")]);
    expect(await program.exited).toBe(0);
  });

  it("ends with its input, and takes a URL alone", async () => {
    expect(await run_program(["mcp"])).toEqual({ exit_code: 0, stdout: "", stderr: "" });
    const { exit_code, stderr } = await run_program(["mcp", "--url", "nowhere"]);
    expect([exit_code, stderr]).toEqual([1, 'junjo-traces: --url "nowhere": expected an http URL\n']);
    expect((await run_program(["serve", "--api-key", "x"])).stderr).toContain("--api-key is for mcp");
  });
});
