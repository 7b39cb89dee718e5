import { describe, expect, it } from "bun:test";
import { poll_until } from "../support/poll-until.ts";
import { send_spans } from "../support/sdk.ts";
import { FROM_SOURCE, type ServerProcess, start_server } from "../support/server-process.ts";
import { temp_dir } from "../support/temp-dir.ts";

const names = (count: number, prefix: string) => Array.from({ length: count }, (_, i) => `${prefix} ${i}`);

async function stored(server: ServerProcess): Promise<{ name: string; scope_name: string }[]> {
  const response = await server.get("/otel/service/two/root_spans?limit=10000");
  return response.ok ? ((await response.json()) as { name: string; scope_name: string }[]) : [];
}
const until_stored = (server: ServerProcess, count: number) =>
  poll_until(async () => (await stored(server)).length === count, { what: `${count} spans stored` });

describe("ingest in one process and serve in another", () => {
  it("talk over gRPC, and each may restart while the other runs", async () => {
    using ingest_directory = temp_dir();
    using serve_directory = temp_dir();
    await using ingest = await start_server([...FROM_SOURCE, "ingest"], ingest_directory.path);
    const remote = {
      INGESTION_GRPC_HOST: "127.0.0.1",
      INGESTION_GRPC_PORT: String(ingest.ports.read_spans),
      POLL_INTERVAL_MS: "20",
    };
    {
      await using serve = await start_server([...FROM_SOURCE, "serve"], serve_directory.path, remote);
      expect(serve.ports.otlp_http).toBeUndefined();
      await send_spans(ingest.ports.otlp_http, "two", names(250, "first"));
      await until_stored(serve, 250);
      expect((await stored(serve))[0]?.scope_name).toBe("test");
    }
    // Killed: what is sent meanwhile waits in the queue.
    await send_spans(ingest.ports.otlp_http, "two", names(5, "while away"));
    await using serve = await start_server([...FROM_SOURCE, "serve"], serve_directory.path, remote);
    await until_stored(serve, 255);

    const { ports } = ingest;
    await ingest[Symbol.asyncDispose]();
    await poll_until(() => serve.log().includes("polling fails"), { what: "the failure noticed" });
    const same_ports = { OTLP_HTTP_PORT: String(ports.otlp_http), READ_SPANS_PORT: String(ports.read_spans) };
    await using restarted = await start_server([...FROM_SOURCE, "ingest"], ingest_directory.path, same_ports);
    await send_spans(restarted.ports.otlp_http, "two", names(3, "after"));
    await until_stored(serve, 258);
    expect((await restarted.get("/readyz")).status).toBe(200);
    expect(await (await restarted.get("/metrics")).text()).toContain("junjo_traces_receive_accepted_spans_total 3");
  }, 30_000);

  it("need the key on every way in when there is one", async () => {
    using ingest_directory = temp_dir();
    using serve_directory = temp_dir();
    await using ingest = await start_server([...FROM_SOURCE, "ingest"], ingest_directory.path, { API_KEYS: "secret" });
    expect(send_spans(ingest.ports.otlp_http, "two", ["no key"])).rejects.toThrow();
    const env = {
      INGESTION_GRPC_HOST: "127.0.0.1",
      INGESTION_GRPC_PORT: String(ingest.ports.read_spans),
      POLL_INTERVAL_MS: "20",
    };
    {
      await using serve = await start_server([...FROM_SOURCE, "serve"], serve_directory.path, env);
      await poll_until(() => serve.log().includes("an API key is required"), { what: "the refusal" });
    }
    const with_key = { ...env, INGESTION_API_KEY: "secret" };
    await using serve = await start_server([...FROM_SOURCE, "serve"], serve_directory.path, with_key);
    const headers = { "x-api-key": "secret", "content-type": "application/json" };
    const span = { traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", name: "with key" };
    const resource = { attributes: [{ key: "service.name", value: { stringValue: "two" } }] };
    const body = JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }] });
    const url = `http://127.0.0.1:${ingest.ports.otlp_http}/v1/traces`;
    expect((await fetch(url, { method: "POST", headers, body })).status).toBe(200);
    await until_stored(serve, 1);
  }, 30_000);
});
