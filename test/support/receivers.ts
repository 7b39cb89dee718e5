import { join } from "node:path";
import { ConnectionMetrics } from "../../src/connections/index.ts";
import { create_logger, create_metrics, type Logger } from "../../src/observe/index.ts";
import { Acceptor, start_otlp_grpc, start_otlp_http } from "../../src/receive/index.ts";
import { open_wal, open_wal_reader, type Wal } from "../../src/wal/index.ts";
import { access_with, PLAIN_TEXT } from "./access.ts";
import { temp_dir } from "./temp-dir.ts";

export type Receivers = AsyncDisposable & {
  http_url: string;
  grpc_address: string;
  wal: Wal;
  /** The request bodies in the queue, oldest first. */
  bodies(): Uint8Array[];
  render_metrics(): Promise<string>;
  /** The value of a metric without labels. */
  gauge(name: string): Promise<number>;
};

type Options = {
  api_keys?: string[];
  request_bytes_max?: number;
  wal_bytes_max?: number;
  body_read_ms_max?: number;
  requests_max?: number;
  in_flight_bytes_max?: number;
  logger?: Logger;
  connections_max?: number;
  keepalive?: { time_ms: number; timeout_ms: number };
};

/** Both OTLP receivers in front of a queue of their own. */
export async function start_receivers(options: Options = {}): Promise<Receivers> {
  const { api_keys = [], request_bytes_max = 64 * 1024 * 1024, wal_bytes_max = 1e9, body_read_ms_max } = options;
  const { connections_max, keepalive } = options;
  const { requests_max = 1000, in_flight_bytes_max = 1e9 } = options;
  const stack = new AsyncDisposableStack();
  const dir = stack.use(temp_dir());
  const directory = join(dir.path, "wal");
  const metrics = create_metrics();
  const wal = stack.use(open_wal({ directory, bytes_max: wal_bytes_max, disk_free_bytes_min: 0, metrics }));
  const reader = stack.use(open_wal_reader(directory));
  const acceptor = new Acceptor(wal, options.logger ?? create_logger("silent"), metrics, {
    requests_max,
    bytes_max: in_flight_bytes_max,
  });
  const access = access_with(api_keys);
  const shared = {
    host: "127.0.0.1",
    port: 0,
    request_bytes_max,
    body_read_ms_max,
    connections_max,
    keepalive,
    connections: new ConnectionMetrics(metrics, "receive"),
    acceptor,
    access,
    certificates: PLAIN_TEXT,
  };
  const http = stack.use(start_otlp_http(shared));
  const grpc = stack.use(await start_otlp_grpc(shared));
  return {
    http_url: `http://127.0.0.1:${http.port}`,
    grpc_address: `127.0.0.1:${grpc.port}`,
    wal,
    bodies: () => reader.read(null, { span_count_max: Infinity, bytes_max: Infinity }).map(({ body }) => body),
    render_metrics: () => metrics.render(),
    gauge: async (name) => {
      const text = await metrics.render();
      return Number(new RegExp(`^junjo_traces_${name} (\\d+)`, "m").exec(text)?.[1]);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
