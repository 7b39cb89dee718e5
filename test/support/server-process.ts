import { join } from "node:path";
import { poll_until } from "./poll-until.ts";

export type Ports = { http: number; otlp_grpc: number; otlp_http: number; read_spans: number; auth_grpc?: number };

export type ServerProcess = AsyncDisposable & {
  readonly pid: number;
  readonly ports: Ports;
  /** All that it has written to standard error. */
  log(): string;
  get(path: string): Promise<Response>;
  kill(signal: NodeJS.Signals): void;
  readonly exited: Promise<number>;
};

/** How to start junjo-traces from its sources. */
export const FROM_SOURCE = [process.execPath, join(import.meta.dir, "..", "..", "src", "main.ts")];

export const SYSTEM_GIVEN_PORTS = { HTTP_PORT: "0", OTLP_GRPC_PORT: "0", OTLP_HTTP_PORT: "0", READ_SPANS_PORT: "0" };

/**
 * Starts a server in `cwd`, with `env` and ports that the system gives in its environment and nothing else. Resolves
 * when it says that it is ready; disposing of it kills it if it still runs.
 */
export async function start_server(
  command: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<ServerProcess> {
  const child = Bun.spawn(command, { cwd, env: { ...SYSTEM_GIVEN_PORTS, ...env }, stdin: "ignore", stderr: "pipe" });
  let log = "";
  const drained = (async () => {
    for await (const piece of child.stderr.pipeThrough(new TextDecoderStream())) log += piece;
  })();
  const stop = async () => {
    child.kill("SIGKILL");
    await Promise.all([child.exited, drained]);
  };
  try {
    const ports = await poll_until(
      () => {
        if (child.exitCode !== null) throw new Error(`exit code ${child.exitCode}: ${log}`);
        return ready_ports(log);
      },
      { what: "a server that is ready" },
    );
    return {
      pid: child.pid,
      ports,
      log: () => log,
      get: (path) => fetch(`http://127.0.0.1:${ports.http}${path}`),
      kill: (signal) => child.kill(signal),
      exited: child.exited,
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function ready_ports(log: string): Ports | undefined {
  const line = log.split("\n").find((text) => text.includes('"msg":"ready"') && text.endsWith("}"));
  return line === undefined ? undefined : (JSON.parse(line) as { ports: Ports }).ports;
}
