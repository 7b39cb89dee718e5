import type { KeyHash } from "./key-hash.ts";
import type { KeySet } from "./key-set.ts";

const TWO_TO_32 = 4_294_967_296;
/** Lengths are whole words, so that what follows in a file is aligned. */
const WORD_BYTES = 8;
/** In fewer bits a few keys would meet too often. */
const WORDS_MIN = 8;

/**
 * A Bloom filter over 64-bit hashes: "no" is certain, "yes" is wrong for a share of 0.62 ^ bits_per_key
 * (https://en.wikipedia.org/wiki/Bloom_filter). The step between probes grows with each (enhanced double hashing, Dillinger
 * and Manolios 2004): with a step that stays, one that is small sets the same bit again and again.
 */
export class Bloom {
  private readonly probe_count: number;

  constructor(
    readonly bytes: Uint8Array,
    bits_per_key: number,
  ) {
    this.probe_count = Math.max(1, Math.round(bits_per_key * Math.LN2));
  }

  static of(keys: KeySet, bits_per_key: number): Bloom {
    const words = Math.max(WORDS_MIN, Math.ceil((keys.size * bits_per_key) / (8 * WORD_BYTES)));
    const bloom = new Bloom(new Uint8Array(words * WORD_BYTES), bits_per_key);
    keys.for_each((first, second) => bloom.add(first, second));
    return bloom;
  }

  may_have({ first, second }: KeyHash): boolean {
    const { bytes, probe_count } = this;
    const bit_count = bytes.length * 8;
    let probe = first;
    let step = second;
    for (let i = 1; i <= probe_count; i++) {
      const bit = Math.floor((probe * bit_count) / TWO_TO_32);
      if ((bytes[bit >>> 3] & (1 << (bit & 7))) === 0) return false;
      probe = (probe + step) >>> 0;
      step = (step + i) >>> 0;
    }
    return true;
  }

  private add(first: number, second: number): void {
    const { bytes, probe_count } = this;
    const bit_count = bytes.length * 8;
    let probe = first;
    let step = second;
    for (let i = 1; i <= probe_count; i++) {
      const bit = Math.floor((probe * bit_count) / TWO_TO_32);
      bytes[bit >>> 3] |= 1 << (bit & 7);
      probe = (probe + step) >>> 0;
      step = (step + i) >>> 0;
    }
  }
}
