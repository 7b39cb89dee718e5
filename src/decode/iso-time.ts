/** Microseconds since 1970 of a valid ISO 8601 time with Z or an offset; what is below a microsecond is cut off. */
export function iso_time_us(text: string): bigint {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const whole_ms = Date.parse(text.replace(/\.\d+/, ""));
  return BigInt(whole_ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
}

/** Microseconds since 1970 as ISO 8601 has them: UTC, six decimals. */
export function iso_time_text(us: bigint): string {
  const below = ((us % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = new Date(Number((us - below) / 1000n)).toISOString().slice(0, -".000Z".length);
  return `${seconds}.${String(below).padStart(6, "0")}+00:00`;
}
