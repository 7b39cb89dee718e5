/** What the address says of time: a length up to now, or two moments in ISO 8601. */
export type TimeRange = { last: LastName } | { since: string; until: string };

export const LASTS = {
  "15m": { ms: 15 * 60_000, what: "15 minutes" },
  "1h": { ms: 3_600_000, what: "hour" },
  "6h": { ms: 6 * 3_600_000, what: "6 hours" },
  "24h": { ms: 24 * 3_600_000, what: "24 hours" },
  "7d": { ms: 7 * 24 * 3_600_000, what: "7 days" },
  "30d": { ms: 30 * 24 * 3_600_000, what: "30 days" },
} as const;

export type LastName = keyof typeof LASTS;
export const LAST_INITIAL: LastName = "24h";

/** Of the parameters of an address, those of time that are valid. */
export type TimeSearch = { last?: LastName; since?: string; until?: string };

export function time_search(search: Record<string, unknown>): TimeSearch {
  const { last, since, until } = search;
  if (is_time(since) && is_time(until)) return { since, until };
  return typeof last === "string" && last in LASTS ? { last: last as LastName } : {};
}

const is_time = (value: unknown): value is string => typeof value === "string" && !Number.isNaN(Date.parse(value));

export const range_of = ({ last = LAST_INITIAL, since, until }: TimeSearch): TimeRange =>
  since !== undefined && until !== undefined ? { since, until } : { last };

/** Its two ends now. */
export function ends_of(range: TimeRange, now_ms: number): { since: string; until: string } {
  if ("since" in range) return range;
  return { since: new Date(now_ms - LASTS[range.last].ms).toISOString(), until: new Date(now_ms).toISOString() };
}
