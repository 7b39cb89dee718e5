import type { Server as NetServer } from "node:net";
import {
  logVerbosity,
  Server,
  type ServiceDefinition,
  setLogVerbosity,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { LIMITS } from "../config/index.ts";
import { connections_max as usual_connections_max, type ListenerMetrics } from "../connections/index.ts";
import { type Certificates, server_credentials } from "../tls/index.ts";
import { type Intake, intake_interceptor } from "./intake.ts";
import { listeners_of } from "./private-api.ts";
import { small_messages } from "./small-messages.ts";

/** Finds connections whose other end is gone without a word, or that are not of HTTP/2 or stand in the middle of a frame. */
const KEEPALIVE = { time_ms: 60_000, timeout_ms: 20_000 };
/** Time that calls in flight have to end once the server stops. */
const STOP_MS_MAX = 1_500;

export type GrpcServerOptions = {
  host: string;
  /** 0: one that the system gives. */
  port: number;
  /** Larger messages, after decompression, are answered with RESOURCE_EXHAUSTED. */
  message_bytes_max: number;
  /** What is said of messages while they come; unless given, that together they are small. */
  intake?: Intake;
  message_read_ms_max?: number;
  /** The next connection is closed. */
  connections_max?: number;
  connection_metrics?: ListenerMetrics;
  /** A ping is sent so often; without an answer within so long the connection is closed. */
  keepalive?: { time_ms: number; timeout_ms: number };
  certificates: Certificates;
  services: readonly { definition: ServiceDefinition; implementation: UntypedServiceImplementation }[];
};

/** `port` is the one really bound. Disposing lets calls in flight end, for a while. */
export type GrpcServer = AsyncDisposable & { readonly port: number };

/** Resolves when it listens; rejects, naming the address, when it can't. */
export async function start_grpc_server(options: GrpcServerOptions): Promise<GrpcServer> {
  const { host, message_bytes_max, services, keepalive = KEEPALIVE } = options;
  const { intake = small_messages(message_bytes_max), message_read_ms_max = LIMITS.BODY_READ_MS_MAX } = options;
  // What goes wrong comes as an error; the library would print it as well.
  setLogVerbosity(logVerbosity.NONE);
  const server = new Server({
    "grpc.max_receive_message_length": message_bytes_max,
    "grpc.max_send_message_length": -1,
    "grpc.max_concurrent_streams": LIMITS.GRPC_STREAMS_MAX,
    "grpc.keepalive_time_ms": keepalive.time_ms,
    "grpc.keepalive_timeout_ms": keepalive.timeout_ms,
    "grpc.enable_channelz": 0,
    interceptors: [intake_interceptor(intake, message_read_ms_max)],
  });
  for (const { definition, implementation } of services) server.addService(definition, implementation);
  const address = `${host.includes(":") ? `[${host}]` : host}:${options.port}`;
  const port = await bind(server, address, options.certificates);
  for (const listener of listeners_of(server)) bound_connections(listener, options);
  return { port, [Symbol.asyncDispose]: () => stop(server) };
}

function bind(server: Server, address: string, certificates: Certificates): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync(address, server_credentials(certificates), (cause, port) => {
    if (cause === null) resolve(port);
    else reject(new Error(`cannot listen on ${address}: ${reason_of(cause)}`, { cause }));
  });
  return promise;
}

function bound_connections(
  listener: NetServer,
  { connections_max = usual_connections_max(), connection_metrics: metrics }: GrpcServerOptions,
): void {
  let open_count = 0;
  listener.maxConnections = connections_max;
  listener.on("connection", (socket) => {
    metrics?.set_open(++open_count);
    socket.once("close", () => metrics?.set_open(--open_count));
  });
  listener.on("drop", () => metrics?.add_refused(1));
}

/** The library wraps what the system said. */
const reason_of = ({ message }: Error): string => /errors: \[(.*)\]$/.exec(message)?.[1] ?? message;

function stop(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const deadline = setTimeout(() => {
    server.forceShutdown();
    resolve();
  }, STOP_MS_MAX);
  server.tryShutdown(() => resolve());
  return promise.finally(() => clearTimeout(deadline));
}
