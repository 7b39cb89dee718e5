import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { start_http, start_operations_http } from "../../src/http/index.ts";
import { create_metrics } from "../../src/observe/index.ts";
import { PLAIN_TEXT } from "../support/access.ts";
import { start_test_api, type TestApi } from "../support/http.ts";
import { schema_errors } from "../support/openapi-schema.ts";

const TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN_ID = "00f067aa0ba902b7";
const DATA_PATHS = [
  "/otel/span_service_names",
  "/otel/service/shop/root_spans",
  "/otel/service/shop/root_spans_filtered",
  `/otel/trace/${TRACE_ID}/nested_spans`,
  `/otel/trace/${TRACE_ID}/span/${SPAN_ID}`,
  "/otel/spans/type/workflow/shop",
];

let api: TestApi;
beforeAll(async () => {
  api = await start_test_api();
});
afterAll(() => api[Symbol.asyncDispose]());

/** The body, after checking that it is a problem document of this status. */
async function problem_of(response: Response, status: number): Promise<Record<string, unknown>> {
  const body = (await response.json()) as Record<string, unknown>;
  expect({ status: response.status, in_body: body.status }).toEqual({ status, in_body: status });
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  expect(response.headers.get("cache-control")).toBe("no-store");
  // Every problem has the one schema; the 400 of this route stands for all.
  expect(schema_errors("/otel/span_service_names", 400, "application/problem+json", body)).toEqual([]);
  return body;
}

describe("an id", () => {
  it.each(["x", TRACE_ID.slice(1), `${TRACE_ID}0`, TRACE_ID.replace("4", "g"), ` ${TRACE_ID}`])(
    "of a trace may not be %p",
    async (trace_id) => {
      for (const rest of ["nested_spans", `span/${SPAN_ID}`]) {
        const body = await problem_of(await api.get(`/otel/trace/${encodeURIComponent(trace_id)}/${rest}`), 400);
        expect(body).toMatchObject({
          type: "/problems/invalid-parameter",
          detail: "trace_id: expected 32 hex digits",
          errors: [{ parameter: "trace_id", detail: "expected 32 hex digits" }],
        });
      }
    },
  );

  it("of a span may not be too short, and both complaints are told", async () => {
    const body = await problem_of(await api.get("/otel/trace/x/span/00f0"), 400);
    expect(body.errors).toEqual([
      { parameter: "trace_id", detail: "expected 32 hex digits" },
      { parameter: "span_id", detail: "expected 16 hex digits" },
    ]);
  });

  it("of a span that is not there is 404", async () => {
    const body = await problem_of(await api.get(`/otel/trace/${TRACE_ID}/span/${SPAN_ID}`), 404);
    expect(body).toMatchObject({ type: "/problems/span-not-found", detail: `no span ${SPAN_ID} in trace ${TRACE_ID}` });
  });
});

describe("a path or method that there is not", () => {
  it.each(["/", "/otel", "/otel/service/a/b/root_spans", "/otel/service//root_spans", "/nope", "/docs/nope"])(
    "%s is 404",
    async (path) => {
      expect(await problem_of(await api.get(path), 404)).toMatchObject({
        type: "/problems/path-not-found",
        detail: path,
      });
    },
  );

  it.each([...DATA_PATHS, "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"])(
    "%s takes GET and HEAD alone",
    async (path) => {
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "PATCH"]) {
        const response = await api.get(path, { method });
        expect(response.headers.get("allow")).toBe("GET, HEAD");
        expect((await problem_of(response, 405)).type).toBe("/problems/method-not-allowed");
      }
    },
  );
});

describe("HEAD", () => {
  it.each([...DATA_PATHS, "/healthz", "/metrics", "/openapi.json", "/docs"])(
    "%s has the headers of GET and no body",
    async (path) => {
      const [head, get] = [await api.get(path, { method: "HEAD" }), await api.get(path)];
      expect(head.status).toBe(get.status);
      expect(head.headers.get("content-type")).toBe(get.headers.get("content-type"));
      expect(await head.text()).toBe("");
    },
  );
});

describe("API keys", () => {
  const OPEN_PATHS = ["/healthz", "/readyz", "/openapi.json", "/docs", "/docs/start.js"];
  let locked: TestApi;
  beforeAll(async () => {
    locked = await start_test_api({ api_keys: ["first", "second"] });
  });
  afterAll(() => locked[Symbol.asyncDispose]());

  it.each([...DATA_PATHS, "/metrics", "/otel/nope", "/%6Ftel/span_service_names"])("%s needs one", async (path) => {
    const without = await locked.get(path);
    expect(without.headers.get("www-authenticate")).toBe('Bearer realm="junjo-traces"');
    expect((await problem_of(without, 401)).type).toBe("/problems/key-required");
    expect((await locked.get(path, { headers: { "x-api-key": "third" } })).status).toBe(401);
    expect((await locked.get(path, { headers: { "x-api-key": "second" } })).status).not.toBe(401);
  });

  it.each([
    ["x-junjo-api-key", "first"],
    ["x-api-key", "first"],
    ["authorization", "Bearer first"],
  ])("are taken as %s: %s", async (name, value) => {
    expect((await locked.get("/otel/span_service_names", { headers: { [name]: value } })).status).toBe(200);
  });

  it.each(OPEN_PATHS)("%s needs none", async (path) => {
    expect((await locked.get(path)).status).toBe(200);
  });
});

describe("when something is missing", () => {
  it("a closed store is 503 that may be tried again", async () => {
    await using own = await start_test_api();
    await own.store[Symbol.asyncDispose]();
    for (const path of DATA_PATHS) {
      const response = await own.get(path);
      expect(response.headers.get("retry-after")).toBe("1");
      expect(await problem_of(response, 503)).toMatchObject({
        type: "/problems/store-unavailable",
        detail: "try again in a moment",
      });
    }
    expect((await own.get("/healthz")).status).toBe(200);
  });

  it("readiness says what it waits for", async () => {
    const missing = ["the receivers"];
    await using own = await start_test_api({ waiting_for: () => missing });
    expect(await problem_of(await own.get("/readyz"), 503)).toMatchObject({
      type: "/problems/not-ready",
      waiting_for: ["the receivers"],
    });
    missing.pop();
    expect(await (await own.get("/readyz")).json()).toEqual({ status: "ok" });
  });

  it("the half without a store has health, readiness and metrics alone", async () => {
    const dependencies = { ...api.dependencies, metrics: create_metrics() };
    await using server = await start_operations_http(
      { host: "127.0.0.1", http_port: 0, certificates: PLAIN_TEXT },
      dependencies,
    );
    const get = (path: string, method = "GET") => fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    for (const path of ["/healthz", "/readyz", "/metrics"]) expect((await get(path)).status).toBe(200);
    expect((await problem_of(await get("/healthz", "POST"), 405)).type).toBe("/problems/method-not-allowed");
    expect((await problem_of(await get("/otel/span_service_names"), 404)).type).toBe("/problems/path-not-found");
  });

  it("a taken port is an error that names it", async () => {
    using taken = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data: () => undefined } });
    const metrics = create_metrics();
    const start = start_http(
      { host: "127.0.0.1", http_port: taken.port, certificates: PLAIN_TEXT },
      { ...api.dependencies, metrics },
    );
    expect(start).rejects.toThrow(`cannot listen on 127.0.0.1:${taken.port} (HTTP_PORT)`);
  });
});
