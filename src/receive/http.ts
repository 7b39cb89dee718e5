import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { type AccessControl, DENIALS, presented_key } from "../access/index.ts";
import { LIMITS } from "../config/index.ts";
import { bound_connections, type ConnectionMetrics, connections_max } from "../connections/index.ts";
import { StatusSchema } from "../gen/google/rpc/status_pb.ts";
import { type Certificates, type HttpListener, listen_http } from "../tls/index.ts";
import { type Acceptor, type Protocol } from "./acceptor.ts";
import { ReceiveError, REFUSALS } from "./error.ts";
import { read_body } from "./http-body.ts";
import { response_bytes, response_json, type SignalName, SIGNALS } from "./signals.ts";

const PROTOBUF = "application/x-protobuf";
const JSON_TYPE = "application/json";
const RETRY_AFTER_S = 5;
/** Exporters keep connections open between batches; Bun's maximum is 255. Until a head is whole Bun waits for 12 s alone. */
const IDLE_TIMEOUT_S = 120;
const STOP_MS_MAX = 1_500;

const SIGNALS_BY_PATH = new Map(
  (Object.keys(SIGNALS) as SignalName[]).map((name) => [SIGNALS[name].http_path, name] as const),
);

export type OtlpHttpOptions = {
  host: string;
  /** 0: one that the system gives. */
  port: number;
  request_bytes_max: number;
  body_read_ms_max?: number;
  connections_max?: number;
  connections: ConnectionMetrics;
  acceptor: Acceptor;
  access: AccessControl;
  certificates: Certificates;
};

export type OtlpHttpServer = AsyncDisposable & { readonly port: number };

/** OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp). Throws, naming the address, when it can't listen. */
export function start_otlp_http(options: OtlpHttpOptions): OtlpHttpServer {
  const { host, certificates } = options;
  const receiver = new OtlpHttpReceiver(options);
  try {
    const server = listen_http(certificates, options.port, (address) =>
      Bun.serve({
        hostname: host,
        ...address,
        idleTimeout: IDLE_TIMEOUT_S,
        // The limit is kept while reading, so that what is over it gets an answer that says so.
        maxRequestBodySize: Number.MAX_SAFE_INTEGER,
        fetch: (request) => receiver.answer(request),
      }),
    );
    const bound = bound_connections({
      port: server.port,
      connections_max: options.connections_max ?? connections_max(),
      metrics: options.connections.of("otlp_http"),
    });
    return {
      port: server.port,
      async [Symbol.asyncDispose]() {
        bound[Symbol.dispose]();
        await stop(server, receiver);
      },
    };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`cannot listen on ${host}:${options.port}: ${reason}`, { cause });
  }
}

class OtlpHttpReceiver {
  private in_flight_count = 0;
  private on_idle = Promise.withResolvers<void>();

  constructor(private readonly options: OtlpHttpOptions) {}

  async answer(request: Request): Promise<Response> {
    const content_type = request.headers.get("content-type")?.split(";")[0].trim().toLowerCase();
    const protocol: Protocol = content_type === JSON_TYPE ? "http_json" : "http_protobuf";
    this.in_flight_count++;
    try {
      const signal = this.signal_of(request);
      this.check_key(request);
      if (content_type !== JSON_TYPE && content_type !== PROTOBUF) {
        throw new ReceiveError("unsupported_media_type", `content type "${content_type ?? ""}" is not OTLP's`);
      }
      return await this.accept(request, signal, protocol);
    } catch (error) {
      return refusal(this.options.acceptor.refuse(protocol, error), protocol);
    } finally {
      if (--this.in_flight_count === 0) this.on_idle.resolve();
    }
  }

  /** Resolves when every request that is being answered now has its answer. */
  async idle(): Promise<void> {
    this.on_idle = Promise.withResolvers();
    if (this.in_flight_count > 0) await this.on_idle.promise;
  }

  private signal_of(request: Request): SignalName {
    const { pathname } = new URL(request.url);
    const signal = SIGNALS_BY_PATH.get(pathname);
    if (signal === undefined) throw new ReceiveError("not_found", `there is nothing at ${pathname}`);
    if (request.method !== "POST") throw new ReceiveError("method_not_allowed", `${pathname} takes POST alone`);
    return signal;
  }

  private check_key({ headers }: Request): void {
    const key = presented_key((name) => headers.get(name));
    const decision = this.options.access.check(key, "ingest");
    if (decision !== "allowed") throw new ReceiveError(decision, DENIALS[decision]);
  }

  private async accept(request: Request, signal: SignalName, protocol: Protocol): Promise<Response> {
    const { acceptor, request_bytes_max, body_read_ms_max = LIMITS.BODY_READ_MS_MAX } = this.options;
    using held = acceptor.in_flight.admit();
    const limits = { bytes_max: request_bytes_max, read_ms_max: body_read_ms_max };
    const body = await read_body(request, limits, held);
    const partial_success = await acceptor.accept(signal, protocol, body);
    return protocol === "http_json"
      ? respond(200, protocol, response_json(SIGNALS[signal], partial_success))
      : respond(200, protocol, response_bytes(partial_success));
  }
}

function refusal({ code, message }: ReceiveError, protocol: Protocol): Response {
  const status = create(StatusSchema, { code: REFUSALS[code].grpc, message });
  const body = protocol === "http_json" ? toJsonString(StatusSchema, status) : toBinary(StatusSchema, status);
  return respond(REFUSALS[code].http, protocol, body, HEADERS[code]);
}

const HEADERS: Partial<Record<keyof typeof REFUSALS, Record<string, string>>> = {
  unauthenticated: { "www-authenticate": "Bearer" },
  method_not_allowed: { allow: "POST" },
  unavailable: { "retry-after": String(RETRY_AFTER_S) },
};

/** The answer has the request's encoding; protobuf when that is not known. */
function respond(
  status: number,
  protocol: Protocol,
  body: string | Uint8Array<ArrayBuffer>,
  headers?: Record<string, string>,
): Response {
  const content_type = protocol === "http_json" ? JSON_TYPE : PROTOBUF;
  return new Response(body, { status, headers: { ...headers, "content-type": content_type } });
}

/** Bun waits for idle connections, which exporters keep open: what counts is that every request has its answer. */
async function stop(server: HttpListener, receiver: OtlpHttpReceiver): Promise<void> {
  const closed = server.stop();
  await Promise.race([closed, receiver.idle(), Bun.sleep(STOP_MS_MAX)]);
  // The last answers are on their way out in this turn of the event loop.
  await new Promise(setImmediate);
  await server.stop(true);
}
