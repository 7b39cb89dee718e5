const SLOTS = 8192;
/** A chunk has fewer values than there are slots. */
export const DICTIONARY_VALUES_MAX = SLOTS / 2;
/** Whoever reads one cell reads all of its dictionary. */
export const DICTIONARY_BYTES_MAX = 128 * 1024;
export const DICTIONARY_IS_FULL = -1;
/** No text has this length. */
const NO_LENGTH = -1;

/** The distinct texts among those that it is asked for, numbered as they come. */
export class TextDictionary {
  count = 0;
  /** Where the texts lie, by number. */
  readonly bytes = new Uint8Array(DICTIONARY_BYTES_MAX);
  readonly offsets = new Uint32Array(DICTIONARY_VALUES_MAX);
  readonly lengths = new Int32Array(DICTIONARY_VALUES_MAX);
  private text_bytes = 0;
  /** What was asked for last, which is often asked for again. */
  private last = 0;
  private readonly slots = new Uint16Array(SLOTS);

  clear(): void {
    this.count = 0;
    this.text_bytes = 0;
    this.last = 0;
    this.lengths[0] = NO_LENGTH;
    this.slots.fill(0);
  }

  /** The number of a text that lies in `from`, or DICTIONARY_IS_FULL. */
  number_of(from: Uint8Array, at: number, length: number): number {
    const { slots } = this;
    if (this.is_text(this.last, from, at, length)) return this.last;
    let slot = hash(from, at, length) & (SLOTS - 1);
    for (; slots[slot] > 0; slot = (slot + 1) & (SLOTS - 1)) {
      const number = slots[slot] - 1;
      if (this.is_text(number, from, at, length)) return (this.last = number);
    }
    if (this.count === DICTIONARY_VALUES_MAX || this.text_bytes + length > DICTIONARY_BYTES_MAX) {
      return DICTIONARY_IS_FULL;
    }
    const number = this.count++;
    slots[slot] = number + 1;
    this.offsets[number] = this.text_bytes;
    this.lengths[number] = length;
    this.bytes.set(from.subarray(at, at + length), this.text_bytes);
    this.text_bytes += length;
    return (this.last = number);
  }

  private is_text(number: number, from: Uint8Array, at: number, length: number): boolean {
    return this.lengths[number] === length && is_equal(this.bytes, this.offsets[number], from, at, length);
  }
}

/** FNV-1a over words of four bytes, stirred at the end. */
function hash(bytes: Uint8Array, offset: number, length: number): number {
  let state = 0x811c9dc5 ^ length;
  let at = offset;
  const end = offset + length;
  for (; at + 4 <= end; at += 4) {
    const word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    state = Math.imul(state ^ word, 0x01000193);
    state ^= state >>> 15;
  }
  for (; at < end; at++) state = Math.imul(state ^ bytes[at], 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  return (state ^ (state >>> 13)) >>> 0;
}

function is_equal(a: Uint8Array, a_at: number, b: Uint8Array, b_at: number, length: number): boolean {
  for (let i = length - 1; i >= 0; i--) if (a[a_at + i] !== b[b_at + i]) return false;
  return true;
}
