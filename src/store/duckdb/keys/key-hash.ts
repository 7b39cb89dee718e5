const TRACE_DIGITS = 32;
const SPAN_DIGITS = 16;
const WORD_BYTES = 4;

/** 64 bits in two unsigned numbers. Written to files: what a text hashes to must never change. */
export type KeyHash = { first: number; second: number };

/** A hash of its own for whoever needs to keep one. */
export const new_key_hash = (): KeyHash => ({ first: 0, second: 0 });

/**
 * Hashes the id of a trace, 32 hex digits at `at`. Ids need not be random: each digit moves every bit, by MurmurHash3's
 * mixing in two lanes.
 */
export function hash_trace(bytes: Uint8Array, at: number, into: KeyHash): KeyHash {
  into.first = 0x9747b28c;
  into.second = 0x3c6ef372;
  mix(bytes, at, TRACE_DIGITS, into);
  return finish(into);
}

/** Hashes the key of a span: its trace's id, and 16 hex digits of its own. */
export function hash_span(bytes: Uint8Array, trace_at: number, span_at: number, into: KeyHash): KeyHash {
  into.first = 0x51ed270b;
  into.second = 0xb5026f5a;
  mix(bytes, trace_at, TRACE_DIGITS, into);
  mix(bytes, span_at, SPAN_DIGITS, into);
  return finish(into);
}

/** The hash of a trace's id that is a text. */
export const hash_trace_id = (trace_id: string): KeyHash =>
  hash_trace(Buffer.from(trace_id, "latin1"), 0, new_key_hash());

function mix(bytes: Uint8Array, at: number, length: number, state: KeyHash): void {
  let { first, second } = state;
  for (let i = at; i < at + length; i += WORD_BYTES) {
    const word = bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24);
    first ^= Math.imul(rotated(Math.imul(word, 0xcc9e2d51), 15), 0x1b873593);
    first = (Math.imul(rotated(first, 13), 5) + 0xe6546b64) | 0;
    second ^= Math.imul(rotated(Math.imul(word, 0x239b961b), 17), 0xab0e9789);
    second = (Math.imul(rotated(second, 19), 5) + 0x561ccd1b) | 0;
  }
  state.first = first;
  state.second = second;
}

function finish(state: KeyHash): KeyHash {
  state.first = avalanche(state.first);
  state.second = avalanche(state.second ^ state.first);
  return state;
}

const rotated = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));

function avalanche(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
