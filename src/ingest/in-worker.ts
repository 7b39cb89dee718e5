import type { Config } from "../config/index.ts";
import type { Logger } from "../observe/index.ts";
import type { Ulid } from "../wal/index.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import type { IngestHalf, IngestHooks, IngestPorts } from "./types.ts";

const STOP_MS_MAX = 3_000;

/** A Worker that is there and waits to be told to receive. */
export interface IngestThread extends AsyncDisposable {
  /** As `start_ingest`, in the Worker, beside a store that holds what is up to `keys_above`. May be called once; disposing of what it resolves to ends the Worker. */
  start(config: Config, keys_above: Ulid | null): Promise<IngestHalf>;
}

/**
 * Makes a Worker for the ingesting half, so that nothing that this thread does delays an acknowledgement. Its thread is
 * there when this returns, and loads while others work. A Worker that ends after its start without being asked to is told
 * to `on_failed`, once.
 */
export function spawn_ingest_thread(logger: Logger, hooks: IngestHooks): IngestThread {
  const worker = new IngestWorker(logger, hooks);
  return {
    async start(config, keys_above) {
      const ports = await worker.start(config, keys_above);
      return {
        ports,
        trim: (through) => worker.trim(through),
        reload: () => worker.reload(),
        render_metrics: () => worker.render_metrics(),
        [Symbol.asyncDispose]: () => worker.stop(),
      };
    },
    [Symbol.asyncDispose]: () => worker.stop(),
  };
}

class IngestWorker {
  // In the executable, where names are flat, this resolves too: scripts/executable.ts lists worker.ts as an entry point.
  private readonly worker = new Worker(new URL("./worker.ts", import.meta.url));
  private readonly ready = Promise.withResolvers<IngestPorts>();
  private readonly stopped = Promise.withResolvers<void>();
  private readonly closed = Promise.withResolvers<void>();
  private metrics_asked: PromiseWithResolvers<string>[] = [];
  private state: "waiting" | "starting" | "running" | "stopping" | "ended" = "waiting";

  constructor(
    private readonly logger: Logger,
    private readonly hooks: IngestHooks,
  ) {
    // It may fail while nobody waits for it.
    this.ready.promise.catch(() => undefined);
    this.worker.addEventListener("message", ({ data }: MessageEvent<FromWorker>) => this.handle(data));
    this.worker.addEventListener("error", ({ message }) => this.end(new Error(`the ingest thread failed: ${message}`)));
    this.worker.addEventListener("close", () => this.end(new Error("the ingest thread ended")));
  }

  async start(config: Config, keys_above: Ulid | null): Promise<IngestPorts> {
    if (this.state === "waiting") this.state = "starting";
    this.say({ kind: "start", config, keys_above });
    try {
      const ports = await this.ready.promise;
      this.state = "running";
      return ports;
    } catch (error) {
      this.state = "stopping";
      await this.terminate();
      throw error;
    }
  }

  trim(through: Ulid): void {
    this.say({ kind: "trim", through });
  }

  reload(): void {
    this.say({ kind: "reload" });
  }

  render_metrics(): Promise<string> {
    if (this.state !== "running") return Promise.reject(new Error("the ingest thread does not run"));
    const asked = Promise.withResolvers<string>();
    this.metrics_asked.push(asked);
    this.say({ kind: "render_metrics" });
    return asked.promise;
  }

  async stop(): Promise<void> {
    const was_running = this.state === "running";
    if (!was_running && this.state !== "waiting") return;
    this.state = "stopping";
    if (!was_running) return this.terminate();
    this.say({ kind: "stop" });
    const deadline = setTimeout(() => {
      this.logger.warn(`the ingest thread is still stopping after ${STOP_MS_MAX} ms and is ended`);
      this.stopped.resolve();
    }, STOP_MS_MAX);
    await this.stopped.promise;
    clearTimeout(deadline);
    await this.terminate();
  }

  private async terminate(): Promise<void> {
    this.worker.terminate();
    await this.closed.promise;
  }

  private handle(message: FromWorker): void {
    switch (message.kind) {
      case "ready":
        this.ready.resolve(message.ports);
        break;
      case "start_failed":
        this.ready.reject(new Error(message.message));
        break;
      case "appended":
        this.hooks.on_appended();
        break;
      case "metrics":
        this.metrics_asked.shift()?.resolve(message.text);
        break;
      case "stopped":
        this.stopped.resolve();
    }
  }

  /** The Worker is gone, or will be in a moment. */
  private end(error: Error): void {
    this.closed.resolve();
    this.stopped.resolve();
    this.ready.reject(error);
    for (const asked of this.metrics_asked.splice(0)) asked.reject(error);
    const was_running = this.state === "running";
    this.state = "ended";
    if (was_running) this.hooks.on_failed(error);
  }

  private say(message: ToWorker): void {
    this.worker.postMessage(message);
  }
}
