import { afterAll, beforeAll, describe, expect, it } from "bun:test";
import { start_test_api, type TestApi } from "../support/http.ts";
import { hex, new_id, request_bytes, span_init } from "../support/otlp.ts";

let api: TestApi;
beforeAll(async () => {
  api = await start_test_api();
});
afterAll(() => api[Symbol.asyncDispose]());

const spans_of = async (trace_id: string) =>
  ((await (await api.get(`/otel/trace/${trace_id}/nested_spans`)).json()) as unknown[]).length;

describe("DELETE of a trace", () => {
  it("removes its spans wherever they are, and no others", async () => {
    const [gone, kept] = [new_id(16), new_id(16)];
    const spans = [gone, gone, kept].map((traceId) => span_init({ traceId }));
    await api.add(spans);
    await api.store.seal();
    await api.add([span_init({ traceId: gone })]);
    const deleted = await api.get(`/otel/trace/${hex(gone).toUpperCase()}`, { method: "DELETE" });
    expect([deleted.status, await deleted.json()]).toEqual([200, { deleted_spans: 3 }]);
    expect([await spans_of(hex(gone)), await spans_of(hex(kept))]).toEqual([0, 1]);
    const again = await api.get(`/otel/trace/${hex(gone)}`, { method: "DELETE" });
    expect(await again.json()).toEqual({ deleted_spans: 0 });
    // What is sent once more is new.
    await api.add_request(request_bytes(spans));
    expect([await spans_of(hex(gone)), await spans_of(hex(kept))]).toEqual([2, 1]);
  });

  it("refuses what is no trace id, and other methods", async () => {
    expect((await api.get("/otel/trace/xyz", { method: "DELETE" })).status).toBe(400);
    const other = await api.get(`/otel/trace/${hex(new_id(16))}`, { method: "PUT" });
    expect([other.status, other.headers.get("allow")]).toEqual([405, "DELETE"]);
  });

  it("takes a key that may both send and read", async () => {
    await using closed = await start_test_api({ api_keys: ["all", "only-read:read", "only-ingest:ingest"] });
    const path = `/otel/trace/${hex(new_id(16))}`;
    const statuses = [];
    for (const key of ["all", "only-read", "only-ingest", "unknown"]) {
      statuses.push((await closed.get(path, { method: "DELETE", headers: { "x-api-key": key } })).status);
    }
    expect(statuses).toEqual([200, 403, 403, 401]);
  });
});
