/** 2^32 = 4,294,967 × 1000 + 296: lets nanoseconds be split without 64-bit arithmetic. */
const THOUSANDS_PER_HIGH_WORD = 4_294_967;
const REST_PER_HIGH_WORD = 296;
/** Up to here (the year 2255) the microseconds are below 2^53, an exact double. */
const HIGH_WORD_EXACT_MAX = 0x7cffffff;

const word = (bytes: Uint8Array, at: number): number =>
  (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0;

/** The whole microseconds of the little-endian nanoseconds at `at`. */
export function micros_at(bytes: Uint8Array, at: number): bigint {
  const low = word(bytes, at);
  const high = word(bytes, at + 4);
  if (high > HIGH_WORD_EXACT_MAX) return ((BigInt(high) << 32n) | BigInt(low)) / 1000n;
  return BigInt(high * THOUSANDS_PER_HIGH_WORD + Math.floor((high * REST_PER_HIGH_WORD + low) / 1000));
}

/** What `micros_at` leaves: 0 to 999 nanoseconds. */
export const nanos_rest_at = (bytes: Uint8Array, at: number): number =>
  (word(bytes, at + 4) * REST_PER_HIGH_WORD + word(bytes, at)) % 1000;

/** The nanoseconds at `at` as decimal digits. */
export function nanos_text_at(bytes: Uint8Array, at: number): string {
  const micros = micros_at(bytes, at);
  const rest = nanos_rest_at(bytes, at);
  return micros === 0n ? String(rest) : `${micros}${String(rest).padStart(3, "0")}`;
}
