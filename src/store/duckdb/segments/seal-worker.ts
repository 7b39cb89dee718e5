import { parentPort } from "node:worker_threads";
import { HotMemory } from "../hot/hot-memory.ts";
import { merge_rows } from "./merge-rows.ts";
import type { MergeJob, SealAnswer, SealJob } from "./seal-messages.ts";
import { seal_rows } from "./seal-rows.ts";
import type { WrittenRows } from "./written-rows.ts";

parentPort?.on("message", (job: SealJob | MergeJob) => {
  parentPort?.postMessage(answer(job));
  // What rows were sorted and found by lies outside of JavaScript's heap, so that the collector would come late.
  Bun.gc(true);
});

function answer(job: SealJob | MergeJob): SealAnswer {
  try {
    return { rows: write(job) };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}

function write(job: SealJob | MergeJob): WrittenRows | null {
  if ("inputs" in job) return merge_rows(job.inputs, job.except_trace_id, job.directory);
  return seal_rows(new HotMemory(job.capacity, job.buffer), job.counts, job.directory);
}
