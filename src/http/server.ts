import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Config } from "../config/index.ts";
import { bound_connections, ConnectionMetrics, connections_max } from "../connections/index.ts";
import type { Metrics } from "../observe/index.ts";
import { type Certificates, type HttpListener, listen_http } from "../tls/index.ts";
import { create_app, type HttpDependencies } from "./app.ts";
import { create_operations_app, type OperationsDependencies, refuse_other_methods } from "./operations.ts";

export type HttpServer = AsyncDisposable & {
  readonly port: number;
  /** Does what is otherwise done for the first request alone: routes are compiled by it. */
  warm_up(): Promise<void>;
};

export type HttpErrorCode = "cannot_listen";

/** The API can't be served at the address it was given. */
export class HttpError extends Error {
  override readonly name = "HttpError";

  constructor(
    readonly code: HttpErrorCode,
    what: string,
    options?: ErrorOptions,
  ) {
    super(what, options);
  }
}

/** A query may think for longer than Bun's 10 seconds before its first row. */
const IDLE_SECONDS_MAX = 120;

/** Questions have no bodies. */
const BODY_BYTES_MAX = 64 * 1024;

/** What answers that are under way when the server stops get; a part of SHUTDOWN_MS_MAX. */
const FINISH_MS_MAX = 1_000;

/** Answered by no route. */
const WARM_UP_PATH = "/warm-up";

type Address = Pick<Config, "host" | "http_port"> & {
  certificates: Certificates;
  connections_max?: number;
};

/** Serves the whole API. */
export async function start_http(address: Address, dependencies: HttpDependencies): Promise<HttpServer> {
  return listen(address, create_app(dependencies), dependencies.metrics);
}

/** Serves health, readiness and metrics alone. */
export async function start_operations_http(
  address: Address,
  dependencies: OperationsDependencies,
): Promise<HttpServer> {
  const app = create_operations_app(dependencies);
  refuse_other_methods(app);
  return listen(address, app, dependencies.metrics);
}

function listen(address: Address, app: OpenAPIHono, metrics: Metrics): HttpServer {
  const server = bind(address, app);
  const bound = bound_connections({
    port: server.port,
    connections_max: address.connections_max ?? connections_max(),
    metrics: new ConnectionMetrics(metrics, "http").of("api"),
  });
  return {
    port: server.port,
    async warm_up() {
      const answer = await app.request(WARM_UP_PATH);
      await answer.text();
    },
    async [Symbol.asyncDispose]() {
      bound[Symbol.dispose]();
      const finished = server.stop();
      const cut_off = setTimeout(() => void server.stop(true), FINISH_MS_MAX);
      await finished;
      clearTimeout(cut_off);
    },
  };
}

function bind({ host, http_port, certificates }: Address, app: OpenAPIHono): HttpListener {
  try {
    return listen_http(certificates, http_port, (address) =>
      Bun.serve({
        hostname: host,
        ...address,
        idleTimeout: IDLE_SECONDS_MAX,
        maxRequestBodySize: BODY_BYTES_MAX,
        development: false,
        fetch: (request) => app.fetch(request),
      }),
    );
  } catch (error) {
    throw new HttpError("cannot_listen", `cannot listen on ${host}:${http_port} (HTTP_PORT)`, { cause: error });
  }
}
