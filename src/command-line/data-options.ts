import { LIMITS } from "../config/index.ts";
import { iso_time_us } from "../decode/index.ts";
import type { ExportOptions } from "../inspect/index.ts";
import type { CommandName } from "./commands.ts";

/** Options of the commands that read data or ask a server, as they were given. */
export type DataOptions = {
  format?: string;
  since?: string;
  until?: string;
  service?: string;
  trace?: string;
  output?: string;
  table?: string;
  timeout?: string;
  url?: string;
  apiKey?: string;
};

type Option = { flags: string; commands: readonly CommandName[] };

export const DATA_OPTIONS: Record<keyof DataOptions, Option> = {
  format: { flags: "--format <format>", commands: ["export", "sql"] },
  since: { flags: "--since <time>", commands: ["export"] },
  until: { flags: "--until <time>", commands: ["export"] },
  service: { flags: "--service <name>", commands: ["export"] },
  trace: { flags: "--trace <id>", commands: ["export"] },
  output: { flags: "--output <file>", commands: ["export"] },
  table: { flags: "--table <table>", commands: ["export"] },
  timeout: { flags: "--timeout <seconds>", commands: ["sql"] },
  url: { flags: "--url <url>", commands: ["mcp"] },
  apiKey: { flags: "--api-key <key>", commands: ["mcp"] },
};

export const SQL_FORMATS = ["table", "json", "csv"] as const;
/** A null timeout: there is none. */
export type SqlOptions = { format: (typeof SQL_FORMATS)[number]; timeout_ms: number | null };

/** Longer ones overflow the timer. */
const TIMEOUT_S_MAX = 1_000_000;

const EXPORT_FORMATS = ["parquet", "otlp-json", "jsonl"] as const;
const EXPORT_TABLES = ["spans", "state_patches"] as const;

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/;
const TRACE_ID = /^[0-9a-f]{32}$/i;

/** What an option of a command can't be, in one line; the caller says which error that is. */
export class OptionError extends Error {}

/** Throws OptionError. */
export function export_options({ format, table, output, since, until, service, trace }: DataOptions): ExportOptions {
  if (trace !== undefined && !TRACE_ID.test(trace)) throw new OptionError(`--trace "${trace}": expected 32 hex digits`);
  const filter = {
    since_us: time("--since", since),
    until_us: time("--until", until),
    service_name: service ?? null,
    trace_id: trace?.toLowerCase() ?? null,
  };
  const kind = one_of("--format", EXPORT_FORMATS, format);
  if (kind === "parquet") {
    if (output === undefined) throw new OptionError("--format parquet needs --output");
    return { format: kind, table: one_of("--table", EXPORT_TABLES, table ?? "spans"), output_path: output, filter };
  }
  if (table !== undefined) throw new OptionError("--table is for --format parquet");
  return { format: kind, output_path: output ?? null, filter };
}

/** Throws OptionError. */
export const sql_options = ({ format, timeout }: DataOptions): SqlOptions => ({
  format: one_of("--format", SQL_FORMATS, format ?? "table"),
  timeout_ms: timeout_ms(timeout),
});

/** As long as the server takes unless told otherwise; 0 is no limit. */
function timeout_ms(given: string | undefined): number | null {
  if (given === undefined) return LIMITS.QUERY_MS_MAX;
  const seconds = /^\d+(\.\d+)?$/.test(given) ? Number(given) : NaN;
  if (!(seconds <= TIMEOUT_S_MAX)) {
    throw new OptionError(`--timeout "${given}": expected seconds up to ${TIMEOUT_S_MAX}, or 0 for no limit`);
  }
  return seconds === 0 ? null : seconds * 1000;
}

function one_of<Choice extends string>(flag: string, choices: readonly Choice[], given: string | undefined): Choice {
  const found = choices.find((choice) => choice === given);
  if (found !== undefined) return found;
  const what = given === undefined ? `${flag} is missing` : `${flag} "${given}"`;
  throw new OptionError(`${what}: expected ${choices.join(", ")}`);
}

function time(flag: string, given: string | undefined): bigint | null {
  if (given === undefined) return null;
  if (TIME.test(given) && !Number.isNaN(Date.parse(given))) return iso_time_us(given);
  throw new OptionError(`${flag} "${given}": expected a time such as 2026-11-23T18:00:00.123456Z, with Z or an offset`);
}
