import { stringify } from "lossless-json";
import { z } from "zod";

/** What a tool gives at most, if it is not told otherwise: some ten thousand tokens. */
const CHARACTERS_INITIAL = 40_000;
const CHARACTERS_MAX = 400_000;

export const READ_ONLY = { readOnlyHint: true, openWorldHint: false };

export const characters_max = z
  .int()
  .min(1_000)
  .max(CHARACTERS_MAX)
  .default(CHARACTERS_INITIAL)
  .describe("length of the answer at most; what is too long is cut, and says so");

export const trace_id = z
  .string()
  .regex(/^[0-9a-fA-F]{32}$/)
  .describe("32 hex digits");

export const span_id = z
  .string()
  .regex(/^[0-9a-fA-F]{16}$/)
  .describe("16 hex digits");

const UNITS_MS: Record<string, number> = { s: 1e3, m: 60e3, h: 3600e3, d: 86_400e3 };

/** A time for the API: as it is, or so long ago. */
export function moment(time: string | undefined): string | undefined {
  const [, amount, unit] = /^(\d{1,9})([smhd])$/.exec(time ?? "") ?? [];
  if (amount === undefined) return time;
  return new Date(Math.max(0, Date.now() - Number(amount) * UNITS_MS[unit])).toISOString();
}

export const time = (what: string) =>
  z
    .string()
    .optional()
    .describe(`${what}: an ISO 8601 time such as 2026-11-23T18:00:00Z, or how long ago: 15m, 2h, 7d`);

export const text_result = (text: string) => ({ content: [{ type: "text" as const, text }] });

/** Of values that may have LosslessNumbers. */
export const json_of = (value: unknown): string => stringify(value) ?? "null";
