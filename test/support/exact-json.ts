/** JSON with integers beyond 2^53 as bigint, so that two texts are compared digit for digit. */
export function parse_exact(text: string): unknown {
  const revive = (_key: string, value: unknown, context?: { source: string }): unknown =>
    typeof value === "number" && context && /^-?\d+$/.test(context.source) && !Number.isSafeInteger(value)
      ? BigInt(context.source)
      : value;
  return JSON.parse(text, revive);
}
