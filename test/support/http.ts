import { DecodedBatch } from "../../src/decode/index.ts";
import { type HttpDependencies, start_http } from "../../src/http/index.ts";
import { create_logger, create_metrics } from "../../src/observe/index.ts";
import { open_store, type SpanStore } from "../../src/store/index.ts";
import { open_studio } from "../../src/studio/index.ts";
import { access_with, PLAIN_TEXT } from "./access.ts";
import { request_bytes, type SpanInit } from "./otlp.ts";
import { temp_dir } from "./temp-dir.ts";

export type TestApi = AsyncDisposable & {
  readonly store: SpanStore;
  readonly dependencies: HttpDependencies;
  readonly url: string;
  add(spans: readonly SpanInit[], service_name?: string): Promise<void>;
  add_request(body: Uint8Array): Promise<void>;
  get(path: string, init?: RequestInit): Promise<Response>;
};

type Options = {
  api_keys?: string[];
  model_prices?: HttpDependencies["model_prices"];
  waiting_for?: HttpDependencies["waiting_for"];
};

/** The API over a DuckDB file of its own, listening on a port that the system gave. */
export async function start_test_api({
  api_keys = [],
  model_prices = [],
  waiting_for = () => [],
}: Options = {}): Promise<TestApi> {
  const dir = temp_dir();
  const store = await open_store({ path: `${dir.path}/traces.duckdb`, memory_bytes: 512 * 1024 * 1024, threads: 2 });
  const metrics = create_metrics();
  const dependencies: HttpDependencies = {
    store,
    waiting_for,
    answer_page: open_studio().answer,
    model_prices,
    render_metrics: () => metrics.render(),
    access: access_with(api_keys),
    metrics,
    logger: create_logger("silent"),
  };
  const server = await start_http({ host: "127.0.0.1", http_port: 0, certificates: PLAIN_TEXT }, dependencies);
  const add_request = async (body: Uint8Array) => {
    const batch = new DecodedBatch();
    batch.decode_request(body);
    await store.append(batch, [], { source: "test", last_key: new Uint8Array(16) });
  };
  const url = `http://127.0.0.1:${server.port}`;
  return {
    store,
    dependencies,
    url,
    add_request,
    add: (spans, service_name) => add_request(request_bytes(spans, service_name)),
    get: (path, init) => fetch(url + path, init),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
      dir[Symbol.dispose]();
    },
  };
}
