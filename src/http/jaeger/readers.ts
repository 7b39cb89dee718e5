import { z } from "@hono/zod-openapi";
import { iso_time_us } from "../../decode/index.ts";

type Documented = { description: string; type?: "integer" | "string"; format?: string; example?: string };

/** A parameter that may be missing or empty, which is the same: pages send all fields of their forms. */
export const given = <Value extends string | number | bigint | ReadonlyMap<string, string>>(
  read: (text: string) => Value | null,
  expected: string,
  documented: Documented,
) =>
  z
    .string()
    .transform((text, context): Value | undefined => {
      if (text === "") return undefined;
      const value = read(text);
      if (value !== null) return value;
      context.addIssue(`expected ${expected}`);
      return z.NEVER;
    })
    .optional()
    .openapi({ type: "string", ...documented });

export const text = (description: string) => given((value) => value, "text", { description });

const NANOSECONDS: Record<string, number> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };
const DURATION_PART = /(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gy;

/** Nanoseconds of a duration as Go writes it: 1.2s, 100ms, 1h30m. */
export function go_duration_ns(duration: string): number | null {
  if (duration === "0") return 0;
  const parts = Array.from(duration.matchAll(DURATION_PART));
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== duration) return null;
  return parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * NANOSECONDS[unit], 0);
}

export const duration = (description: string) =>
  given(go_duration_ns, "a duration such as 1.2s, 100ms or 1h30m", { description, example: "100ms" });

/** Whole numbers of a unit of time since 1970 as microseconds. */
export const unix_time = (unit_us: bigint, description: string) =>
  given(
    (digits) => (/^\d{1,18}$/.test(digits) ? BigInt(digits) * unit_us : null),
    "a whole number, the time since 1970",
    { type: "integer", description },
  );

const RFC_3339 = z.iso.datetime({ offset: true });

/** As microseconds. Where a + was sent as it is, a space arrives. */
export const rfc_3339 = (description: string) =>
  given(
    (value) => {
      const time = value.replace(" ", "+");
      return RFC_3339.safeParse(time).success ? iso_time_us(time) : null;
    },
    "a time such as 2026-11-23T18:00:00.123456Z, with Z or an offset",
    { format: "date-time", description },
  );

export const count = (maximum: number, description: string) =>
  given(
    (digits) => {
      const value = /^\d+$/.test(digits) ? Number(digits) : 0;
      return value >= 1 && value <= maximum ? value : null;
    },
    `a whole number from 1 to ${maximum}`,
    { type: "integer", description },
  );

/** As it is stored: clients leave zeros in front out. */
export const whole_trace_id = (digits: string): string | null =>
  /^[0-9a-fA-F]{1,32}$/.test(digits) ? digits.toLowerCase().padStart(32, "0") : null;

export const TRACE_PATH = z.object({
  trace_id: z
    .string()
    .transform((digits, context): string => {
      const trace_id = whole_trace_id(digits);
      if (trace_id !== null) return trace_id;
      context.addIssue("expected up to 32 hex digits");
      return z.NEVER;
    })
    .openapi({ type: "string", description: "up to 32 hex digits; zeros in front may be left out" }),
});

/** Names and values of tags out of a JSON object, whose values may also be no text. */
export function json_tags(json: string): Map<string, string> | null {
  try {
    const parsed = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).parse(JSON.parse(json));
    return new Map(Object.entries(parsed).map(([key, value]) => [key, String(value)]));
  } catch {
    return null;
  }
}
