// The Worker that receives and queues: an entry point of its own, also in the executable.
import { parentPort } from "node:worker_threads";
import type { Config } from "../config/index.ts";
import { create_logger } from "../observe/index.ts";
import type { Ulid } from "../wal/index.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { start_ingest } from "./start.ts";
import type { IngestHalf } from "./types.ts";

let half: IngestHalf | undefined;

parentPort?.on("message", (message: ToWorker) => void handle(message));

async function handle(message: ToWorker): Promise<void> {
  switch (message.kind) {
    case "start":
      return start(message.config, message.keys_above);
    case "trim":
      return half?.trim(message.through);
    case "reload":
      return half?.reload();
    case "render_metrics":
      return say({ kind: "metrics", text: (await half?.render_metrics()) ?? "" });
    case "stop":
      await half?.[Symbol.asyncDispose]();
      return say({ kind: "stopped" });
  }
}

async function start(config: Config, keys_above: Ulid | null): Promise<void> {
  const logger = create_logger(config.log_level, { thread: "ingest" });
  const hooks = {
    on_appended: () => say({ kind: "appended" }),
    // Whoever started the Worker sees it end.
    on_failed: () => {},
  };
  try {
    half = await start_ingest(config, logger, hooks, { may_readers_trim: false, keys_above });
    say({ kind: "ready", ports: half.ports });
  } catch (error) {
    say({ kind: "start_failed", message: error instanceof Error ? error.message : String(error) });
  }
}

function say(message: FromWorker): void {
  parentPort?.postMessage(message);
}
