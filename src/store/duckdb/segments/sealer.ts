import type { HotGeneration } from "../hot/generation.ts";
import type { SealAnswer, SealJob } from "./seal-messages.ts";
import type { WrittenRows } from "./written-rows.ts";

/** An idle thread takes some megabytes, and a new one some milliseconds. */
const IDLE_MS_MAX = 30_000;

/** Writes the rows of generations in a thread of its own, which is there while it is needed. One at a time. */
export class Sealer implements Disposable {
  private worker: Worker | null = null;
  private job: PromiseWithResolvers<WrittenRows> | null = null;
  private idle_timer: Timer | undefined;

  /** The generation must not change until this resolves. Rejects with what the system said, or if the thread ended. */
  async write({ memory, span_count, patch_count }: HotGeneration, directory: string): Promise<WrittenRows> {
    clearTimeout(this.idle_timer);
    this.worker ??= this.start();
    this.job = Promise.withResolvers();
    const { buffer, capacity } = memory;
    const counts = { spans: span_count, patches: patch_count };
    this.worker.postMessage({ buffer, capacity, counts, directory } satisfies SealJob);
    try {
      return await this.job.promise;
    } finally {
      this.job = null;
      this.idle_timer = setTimeout(() => this[Symbol.dispose](), IDLE_MS_MAX);
      this.idle_timer.unref();
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.idle_timer);
    this.worker?.terminate();
    this.worker = null;
  }

  private start(): Worker {
    // In the executable, where names are flat, this resolves too: scripts/executable.ts lists it as an entry point.
    const worker = new Worker(new URL("./seal-worker.ts", import.meta.url));
    worker.addEventListener("message", ({ data }: MessageEvent<SealAnswer>) => {
      if ("rows" in data) this.job?.resolve(data.rows);
      else this.job?.reject(new Error(data.error));
    });
    worker.addEventListener("error", ({ message }) => this.fail(worker, `the sealing thread failed: ${message}`));
    worker.addEventListener("close", () => this.fail(worker, "the sealing thread ended"));
    return worker;
  }

  private fail(worker: Worker, message: string): void {
    if (worker !== this.worker) return;
    this.worker = null;
    this.job?.reject(new Error(message));
  }
}
