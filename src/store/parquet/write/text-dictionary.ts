const SLOTS = 8192;
/** A chunk has fewer values than there are slots. */
export const DICTIONARY_VALUES_MAX = SLOTS / 2;

/** The distinct texts among those that it is asked for, numbered as they come. */
export class TextDictionary {
  count = 0;
  /** What the texts take together. */
  text_bytes = 0;
  /** By number: where the text lies. */
  readonly offsets = new Uint32Array(DICTIONARY_VALUES_MAX);
  readonly lengths = new Int32Array(DICTIONARY_VALUES_MAX);
  private readonly slots = new Uint16Array(SLOTS);
  private bytes: Uint8Array = new Uint8Array(0);

  /** Begins anew, with texts that lie in `bytes`. */
  clear(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.count = 0;
    this.text_bytes = 0;
    this.slots.fill(0);
  }

  /** The number of a text. There is room for DICTIONARY_VALUES_MAX. */
  number_of(offset: number, length: number): number {
    const { slots, offsets, lengths, bytes } = this;
    let slot = hash(bytes, offset, length) & (SLOTS - 1);
    for (; slots[slot] > 0; slot = (slot + 1) & (SLOTS - 1)) {
      const number = slots[slot] - 1;
      if (
        lengths[number] === length &&
        (offsets[number] === offset || is_equal(bytes, offsets[number], offset, length))
      )
        return number;
    }
    const number = this.count++;
    slots[slot] = number + 1;
    offsets[number] = offset;
    lengths[number] = length;
    this.text_bytes += length;
    return number;
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

function is_equal(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = length - 1; i >= 0; i--) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}
