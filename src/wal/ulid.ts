/** 16 bytes, compared bytewise: 48 bits of milliseconds since 1970, then 80 bits that keep keys unique and rising. */
export type Ulid = Uint8Array;

export const ULID_BYTES = 16;
const TIME_BYTES = 6;

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** The 26 characters of the ULID specification (https://github.com/ulid/spec). */
export function ulid_to_text(key: Ulid): string {
  const digits = as_integer(key).toString(32).padStart(26, "0");
  return digits.replaceAll(/./g, (digit) => CROCKFORD[parseInt(digit, 32)]);
}

/** The key of these 26 characters, or null when they are none. */
export function ulid_of_text(text: string): Ulid | null {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(text)) return null;
  const integer = text.split("").reduce((sum, digit) => sum * 32n + BigInt(CROCKFORD.indexOf(digit)), 0n);
  return Uint8Array.from(Buffer.from(integer.toString(16).padStart(2 * ULID_BYTES, "0"), "hex"));
}

/** Negative, zero or positive, as for Array.sort. */
export const compare_ulids = (a: Ulid, b: Ulid): number => Buffer.compare(a, b);

/** The key `count` places after `key`, or the highest there is. */
export function add_to_ulid(key: Ulid, count: number): Ulid {
  const sum = Uint8Array.from(key);
  let carry = count;
  for (let i = ULID_BYTES - 1; i >= 0 && carry > 0; i--) {
    carry += sum[i];
    sum[i] = carry % 256;
    carry = Math.floor(carry / 256);
  }
  return carry === 0 ? sum : sum.fill(0xff);
}

/** How many places `key` lies after `from`; negative when it lies before. Exact up to 2^53. */
export const ulid_distance = (from: Ulid, key: Ulid): number => Number(as_integer(key) - as_integer(from));

/** A key of this moment. The random part's top bit is left free, so that counting on from it never reaches the time. */
export function ulid_of(unix_ms: number): Ulid {
  const key = crypto.getRandomValues(Buffer.alloc(ULID_BYTES));
  key.writeUIntBE(unix_ms, 0, TIME_BYTES);
  key[TIME_BYTES] &= 0x7f;
  return key;
}

/** When the key was given, in milliseconds since 1970. */
export const ulid_time_ms = (key: Ulid): number => Buffer.from(key).readUIntBE(0, TIME_BYTES);

const as_integer = (key: Ulid): bigint => BigInt(`0x${Buffer.from(key).toString("hex")}`);
