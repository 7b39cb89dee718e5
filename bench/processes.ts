import { readFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dir, "..");
const CLOCK_TICKS_PER_SECOND = 100;

export type Ports = { otlp_http: number; otlp_grpc?: number; http?: number };

/** A server under load. Disposing of it ends it. */
export class Server implements AsyncDisposable {
  constructor(
    private readonly child: Bun.Subprocess,
    readonly ports: Ports,
  ) {}

  /** User and system time so far. */
  cpu_seconds(): number {
    const fields = this.proc("stat").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
  }

  rss_mib(): number {
    return this.status_mib("VmRSS");
  }

  peak_rss_mib(): number {
    return this.status_mib("VmHWM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill();
    await this.child.exited;
  }

  private status_mib(name: string): number {
    return Number(new RegExp(`${name}:\\s+(\\d+)`).exec(this.proc("status"))?.[1]) / 1024;
  }

  private proc(file: string): string {
    return readFileSync(`/proc/${this.child.pid}/${file}`, "utf8");
  }
}

/** The least that a receiver can do; with a path it appends what it takes to that file and syncs it. */
export async function start_floor(path?: string): Promise<Server> {
  const command = [process.execPath, join(import.meta.dir, "floor-server.ts"), ...(path === undefined ? [] : [path])];
  const child = Bun.spawn(command, { stdout: "pipe", stderr: "inherit" });
  return new Server(child, { otlp_http: await first_line(child.stdout, ({ port }) => port as number | undefined) });
}

/**
 * `junjo-traces serve` or `ingest`, from source or as the executable that was built. `under`: the command that is to
 * run it.
 */
export async function start_program(
  command: "serve" | "ingest",
  data_dir: string,
  is_binary: boolean,
  under: readonly string[] = [],
): Promise<Server> {
  const program = is_binary ? [join(ROOT, "dist/junjo-traces")] : [process.execPath, join(ROOT, "src/main.ts")];
  const ports = ["http", "otlp-grpc", "otlp-http", "read-spans"].flatMap((name) => [`--${name}-port`, "0"]);
  const child = Bun.spawn([...under, ...program, command, "--data-dir", data_dir, ...ports], {
    stdout: "ignore",
    stderr: "pipe",
  });
  const ready = ({ msg, ports: bound }: Record<string, unknown>) => (msg === "ready" ? (bound as Ports) : undefined);
  return new Server(child, await first_line(child.stderr, ready));
}

/** Reads lines until one is JSON that `find` finds something in. */
async function first_line<Found>(stream: ReadableStream, find: (line: Record<string, unknown>) => Found | undefined) {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    for (const line of text.split("\n").slice(0, -1)) {
      const found = find(JSON.parse(line) as Record<string, unknown>);
      if (found !== undefined) return found;
    }
    text = text.slice(text.lastIndexOf("\n") + 1);
  }
  throw new Error("the server ended before it was ready");
}
