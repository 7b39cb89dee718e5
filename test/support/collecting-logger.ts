import pino from "pino";
import type { Logger } from "../../src/observe/index.ts";

export type LogLine = { level: number; msg: string } & Record<string, unknown>;

/** A logger whose lines the test can read. */
export function collecting_logger(): { logger: Logger; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const logger = pino({ level: "info" }, { write: (line: string) => void lines.push(JSON.parse(line) as LogLine) });
  return { logger, lines };
}
