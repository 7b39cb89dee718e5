const UNITS: readonly (readonly [ns: number, name: string])[] = [
  [86_400e9, "d"],
  [3_600e9, "h"],
  [60e9, "m"],
  [1e9, "s"],
  [1e6, "ms"],
  [1e3, "µs"],
  [1, "ns"],
];

/** Three digits at most, as 1.24s or 310ms. */
export function duration_text(ns: number): string {
  const [size, name] = UNITS.find(([unit]) => Math.abs(ns) >= unit) ?? [1, "ns"];
  const value = ns / size;
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return `${Number(value.toFixed(digits))}${name}`;
}

/** In the time zone of whoever looks; with its year, if that is not the one we have. */
export function time_text(iso: string, now_ms = Date.now()): string {
  const time = new Date(iso);
  return time.toLocaleString(undefined, {
    ...(time.getFullYear() !== new Date(now_ms).getFullYear() && { year: "numeric" }),
    month: "short",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    fractionalSecondDigits: 3,
    hourCycle: "h23",
  });
}

export const count_text = (count: number): string => count.toLocaleString();

export const share_text = (part: number, all: number): string =>
  all === 0 ? "–" : `${Number(((part / all) * 100).toFixed(part === 0 || part === all ? 0 : 1))}%`;

const AGES = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
  [1, "second"],
] as const;

/** How long ago, as "3 minutes ago". */
export function ago_text(iso: string, now_ms: number): string {
  const seconds = Math.max(0, (now_ms - Date.parse(iso)) / 1000);
  const [size, unit] = AGES.find(([least]) => seconds >= least) ?? AGES[3];
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(-Math.floor(seconds / size), unit);
}
