/** Microseconds since 1970 of a valid ISO 8601 time with Z or an offset; what is below a microsecond is cut off. */
export function iso_time_us(text: string): bigint {
  const fraction = /\.(\d+)/.exec(text)?.[1] ?? "";
  const whole_ms = Date.parse(text.replace(/\.\d+/, ""));
  return BigInt(whole_ms) * 1000n + BigInt(fraction.slice(0, 6).padEnd(6, "0"));
}
