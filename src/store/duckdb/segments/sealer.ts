import type { HotGeneration } from "../hot/generation.ts";
import type { MergeInput } from "./merge-rows.ts";
import type { MergeJob, SealAnswer, SealJob } from "./seal-messages.ts";
import type { WrittenRows } from "./written-rows.ts";

/** An idle thread takes some megabytes, and a new one some milliseconds. */
const IDLE_MS_MAX = 30_000;

/**
 * Writes the files of segments in a thread of its own, which is there while it is needed. One segment at a time. Rejects
 * with what the system said, or if the thread ended.
 */
export class Sealer implements Disposable {
  private worker: Worker | null = null;
  private job: PromiseWithResolvers<WrittenRows | null> | null = null;
  private idle_timer: Timer | undefined;

  /** The generation, which has spans, must not change until this resolves. */
  async write({ memory, span_count, patch_count }: HotGeneration, directory: string): Promise<WrittenRows> {
    const { buffer, capacity } = memory;
    const counts = { spans: span_count, patches: patch_count };
    const rows = await this.run({ buffer, capacity, counts, directory });
    if (rows === null) throw new Error("a generation without spans was to be sealed");
    return rows;
  }

  /** Makes one of several segments, without the rows of a trace if one is given. Null: none are left. */
  merge(inputs: readonly MergeInput[], except_trace_id: string | null, directory: string): Promise<WrittenRows | null> {
    const paths = inputs.map(({ spans_path, patches_path }) => ({ spans_path, patches_path }));
    return this.run({ inputs: paths, except_trace_id, directory });
  }

  /** What it is writing is broken off. */
  [Symbol.dispose](): void {
    clearTimeout(this.idle_timer);
    this.worker?.terminate();
    this.worker = null;
    this.job?.reject(new Error("the writing of a segment was broken off"));
  }

  private async run(job: SealJob | MergeJob): Promise<WrittenRows | null> {
    clearTimeout(this.idle_timer);
    this.worker ??= this.start();
    this.job = Promise.withResolvers();
    this.worker.postMessage(job);
    try {
      return await this.job.promise;
    } finally {
      this.job = null;
      this.idle_timer = setTimeout(() => this[Symbol.dispose](), IDLE_MS_MAX);
      this.idle_timer.unref();
    }
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
