import { join } from "node:path";
import { FROM_SOURCE, type ServerProcess, start_server, SYSTEM_GIVEN_PORTS } from "../support/server-process.ts";
import { RETENTION_DAYS } from "./removals.ts";

const ROOT = join(import.meta.dir, "..", "..");
/** The disk is to be really full before anything is refused; rows are to be sealed, merged and retired all the time. */
const ENV = {
  DISK_FREE_BYTES_MIN: "0",
  HOT_ROWS_MAX: "100",
  HOT_AGE_MAX_MS: "100",
  RETENTION_DAYS: String(RETENTION_DAYS),
};
const STEPPED_CLOCK = join(import.meta.dir, "stepped-clock.ts");

/** One server after another on one directory. */
export class ServerUnderTest implements AsyncDisposable {
  /** All that the servers have logged as warnings and errors. */
  readonly errors: string[] = [];
  private process: ServerProcess | null = null;

  constructor(readonly data_dir: string) {}

  get running(): ServerProcess {
    if (this.process === null) throw new Error("no server runs");
    return this.process;
  }

  get otlp_url(): string {
    return `http://127.0.0.1:${this.running.ports.otlp_http}`;
  }

  /** Gives the milliseconds until it was ready. */
  async start(clock_offset_ms = 0): Promise<number> {
    const began_ms = performance.now();
    this.process = await start_server(command(clock_offset_ms), ROOT, this.environment(clock_offset_ms));
    return performance.now() - began_ms;
  }

  /** Starts one and kills it before it has got far. */
  async start_and_kill(after_ms: number): Promise<void> {
    const env = { ...SYSTEM_GIVEN_PORTS, ...this.environment(0) };
    const child = Bun.spawn(command(0), { cwd: ROOT, env, stdin: "ignore", stderr: "pipe" });
    await Bun.sleep(after_ms);
    child.kill("SIGKILL");
    await child.exited;
    this.errors.push(...error_lines(await child.stderr.text()));
  }

  /** Resolves to the exit code when it has ended. */
  async end(signal: "SIGKILL" | "SIGTERM"): Promise<number> {
    const { running } = this;
    running.kill(signal);
    const exit_code = await running.exited;
    await this.forget();
    return exit_code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.process === null) return;
    // It may be stopped, and then hears nothing else.
    this.process.kill("SIGKILL");
    await this.forget();
  }

  private environment(clock_offset_ms: number): Record<string, string> {
    return { ...ENV, DATA_DIR: this.data_dir, CLOCK_OFFSET_MS: String(clock_offset_ms) };
  }

  private async forget(): Promise<void> {
    await this.running[Symbol.asyncDispose]();
    this.errors.push(...error_lines(this.running.log()));
    this.process = null;
  }
}

function command(clock_offset_ms: number): string[] {
  const [bun, main] = FROM_SOURCE;
  return clock_offset_ms === 0 ? [bun, main, "serve"] : [bun, "--preload", STEPPED_CLOCK, main, "serve"];
}

const error_lines = (log: string): string[] =>
  log.split("\n").filter((line) => /"level":[456]0/.test(line) && line.endsWith("}"));
