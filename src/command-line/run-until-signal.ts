import { LIMITS } from "../config/index.ts";
import type { Logger } from "../observe/index.ts";
import type { Running } from "../serve.ts";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;
/** A terminal and npm each pass Ctrl-C on: signals that come within this time are one. */
const ONE_SIGNAL_MS = 500;

/**
 * Starts, waits for SIGTERM or SIGINT or until a part fails, stops, and resolves to the exit code. SIGHUP makes it read
 * keys and certificates again.
 *
 * A stop that takes longer than SHUTDOWN_MS_MAX, or another signal later on, ends the process at once with code 1: everything
 * that was acknowledged is on disk by then, so that only time is lost. A signal during the start stops after it.
 */
export async function run_until_signal(start: () => Promise<Running>, logger: Logger): Promise<number> {
  const { promise: signalled, resolve } = Promise.withResolvers<void>();
  let deadline: Timer | undefined;
  let begun_ms = 0;
  const begin_stop = (why: object) => {
    begun_ms = performance.now();
    logger.info(why, "stopping");
    deadline = setTimeout(() => exit_at_once(logger, "stopping takes too long"), LIMITS.SHUTDOWN_MS_MAX);
  };
  const on_signal = (signal: NodeJS.Signals) => {
    if (deadline === undefined) begin_stop({ signal });
    else if (performance.now() - begun_ms > ONE_SIGNAL_MS) exit_at_once(logger, `second signal (${signal})`);
    resolve();
  };
  // What a reload would read again is read by the start anyway.
  let running: Running | undefined;
  const on_hang_up = () => running?.reload();
  for (const signal of SIGNALS) process.on(signal, on_signal);
  process.on("SIGHUP", on_hang_up);
  try {
    running = await start();
    const failure = await Promise.race([running.failure, signalled]);
    if (failure !== undefined) begin_stop({ err: failure });
    await running.stop();
    logger.info("stopped");
    return failure === undefined ? 0 : 1;
  } catch (error) {
    const what = deadline === undefined ? "cannot start" : "did not stop cleanly";
    console.error(`junjo-traces: ${what}: ${in_one_line(error)}`);
    return 1;
  } finally {
    clearTimeout(deadline);
    for (const signal of SIGNALS) process.off(signal, on_signal);
    process.off("SIGHUP", on_hang_up);
  }
}

function exit_at_once(logger: Logger, why: string): never {
  logger.fatal(`not waiting any longer: ${why}`);
  process.exit(1);
}

/** An error and its causes. */
function in_one_line(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? "" : `: ${in_one_line(error.cause)}`;
  return `${error.message}${cause}`.replaceAll(/\s*\n\s*/g, " ");
}
