import pino from "pino";

export type Logger = pino.Logger;

/** Lines of JSON on standard error, written before the call returns, so that the last one before a crash is there. */
export function create_logger(level: string, bindings: Record<string, unknown> = {}): Logger {
  return pino(
    { level, base: { pid: process.pid, ...bindings }, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ fd: 2, sync: true }),
  );
}
