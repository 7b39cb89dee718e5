import { key_file_path, open_access } from "../access/index.ts";
import { type Config, LIMITS, queue_directory } from "../config/index.ts";
import { ConnectionMetrics } from "../connections/index.ts";
import { has_rules, Masker, mask_rules } from "../mask/index.ts";
import { create_metrics, type Logger } from "../observe/index.ts";
import { Acceptor, start_otlp_grpc, start_otlp_http } from "../receive/index.ts";
import { open_certificates } from "../tls/index.ts";
import { open_wal, open_wal_reader, serve_read_spans, type Ulid } from "../wal/index.ts";
import type { IngestHalf, IngestHooks } from "./types.ts";

/** What a store that reads the queue too has to say. */
export type StoreBeside = {
  /** False where it says itself what may be trimmed: a reader elsewhere can't speak for that. */
  may_readers_trim: boolean;
  /** Up to where it holds rows: keys lie above. */
  keys_above: Ulid | null;
};

const NO_STORE: StoreBeside = { may_readers_trim: true, keys_above: null };

/**
 * Opens the queue and starts OTLP over gRPC, OTLP over HTTP and ReadSpans in this thread. Resolves when all three
 * listen. Rejects, naming the file or the address, when one can't, and then nothing of it is left running.
 */
export async function start_ingest(
  config: Config,
  logger: Logger,
  { on_appended }: IngestHooks,
  { may_readers_trim, keys_above }: StoreBeside = NO_STORE,
): Promise<IngestHalf> {
  await using cleanup = new AsyncDisposableStack();
  const { host, request_bytes_max, disk_free_bytes_min } = config;
  const directory = queue_directory(config);
  const metrics = create_metrics();
  const access = open_access({
    setting_keys: config.api_keys,
    key_file_path: key_file_path(config),
    part: "ingest",
    metrics,
    logger,
  });
  const certificates = open_certificates(config, logger);
  const wal = cleanup.use(
    open_wal({
      directory,
      bytes_max: config.wal_max_bytes,
      disk_free_bytes_min,
      keys_above,
      on_commit: on_appended,
      metrics,
      logger,
    }),
  );
  const reader = cleanup.use(open_wal_reader(directory));
  const in_flight = {
    requests_max: LIMITS.REQUESTS_IN_FLIGHT_MAX,
    bytes_max: LIMITS.LARGEST_BODIES_IN_FLIGHT_MAX * request_bytes_max,
  };
  const rules = mask_rules(config);
  const acceptor = new Acceptor(wal, logger, metrics, in_flight, has_rules(rules) ? new Masker(rules) : null);
  const connections = new ConnectionMetrics(metrics, "receive");
  const otlp = { host, request_bytes_max, connections, acceptor, access, certificates };

  // They stop at the same time: each may take a moment to let its calls end.
  const servers: AsyncDisposable[] = [];
  cleanup.defer(async () => void (await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))));
  const started = <T extends AsyncDisposable>(server: T): T => (servers.push(server), server);
  const read_spans = started(
    await serve_read_spans({
      host,
      port: config.read_spans_port,
      reader,
      wal: may_readers_trim ? wal : null,
      access,
      certificates,
      logger,
    }),
  );
  const grpc = started(await start_otlp_grpc({ ...otlp, port: config.otlp_grpc_port }));
  const http = started(start_otlp_http({ ...otlp, port: config.otlp_http_port }));

  const running = cleanup.move();
  return {
    ports: { otlp_grpc: grpc.port, otlp_http: http.port, read_spans: read_spans.port },
    trim: (through) => wal.trim(through),
    reload: () => {
      access.reload();
      certificates.reload();
    },
    render_metrics: () => metrics.render(),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}
