// The Worker that writes segments: an entry point of its own, also in the executable.
import { parentPort } from "node:worker_threads";
import { HotMemory } from "../hot/hot-memory.ts";
import type { SealAnswer, SealJob } from "./seal-messages.ts";
import { seal_rows } from "./seal-rows.ts";

parentPort?.on("message", ({ buffer, capacity, counts, directory }: SealJob) => {
  parentPort?.postMessage(answer());
  // Pages lie outside of JavaScript's heap, so that the collector would come late.
  Bun.gc(true);

  function answer(): SealAnswer {
    try {
      return { rows: seal_rows(new HotMemory(capacity, buffer), counts, directory) };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }
});
