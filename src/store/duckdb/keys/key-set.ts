import type { KeyHash } from "./key-hash.ts";

const SLOTS_INITIAL = 1024;
/** Beyond this share of taken slots the table doubles: probes stay short. */
const LOAD_MAX = 0.6;

/**
 * A set of 64-bit hashes, each with the number of its arrival (0, 1, …). Twelve bytes an entry and no object, so that it
 * may hold a key for each span of the hot tier.
 *
 * Two keys with one hash are one here: whoever may not take one key for another asks the rows themselves.
 */
export class KeySet {
  size = 0;
  private first: Uint32Array;
  private second: Uint32Array;
  /** By slot: the number of arrival plus one; 0: the slot is free. */
  private arrivals: Uint32Array;

  constructor() {
    this.first = new Uint32Array(SLOTS_INITIAL);
    this.second = new Uint32Array(SLOTS_INITIAL);
    this.arrivals = new Uint32Array(SLOTS_INITIAL);
  }

  /** The number of the hash, or -1. */
  find({ first, second }: KeyHash): number {
    return this.arrivals[this.slot_of(first, second)] - 1;
  }

  /** Adds the hash unless it is there, and gives its number: it was new if that is what `size` was before. */
  add({ first, second }: KeyHash): number {
    const slot = this.slot_of(first, second);
    if (this.arrivals[slot] > 0) return this.arrivals[slot] - 1;
    this.first[slot] = first;
    this.second[slot] = second;
    this.arrivals[slot] = ++this.size;
    if (this.size > this.arrivals.length * LOAD_MAX) this.grow();
    return this.size - 1;
  }

  for_each(visit: (first: number, second: number) => void): void {
    const { first, second, arrivals } = this;
    for (let slot = 0; slot < arrivals.length; slot++) if (arrivals[slot] > 0) visit(first[slot], second[slot]);
  }

  /** Where the hash is, or would be. */
  private slot_of(first: number, second: number): number {
    const mask = this.arrivals.length - 1;
    let slot = first & mask;
    while (this.arrivals[slot] > 0 && (this.first[slot] !== first || this.second[slot] !== second)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  private grow(): void {
    const { first, second, arrivals } = this;
    const slots = arrivals.length * 2;
    this.first = new Uint32Array(slots);
    this.second = new Uint32Array(slots);
    this.arrivals = new Uint32Array(slots);
    for (let old = 0; old < arrivals.length; old++) {
      if (arrivals[old] === 0) continue;
      const slot = this.slot_of(first[old], second[old]);
      this.first[slot] = first[old];
      this.second[slot] = second[old];
      this.arrivals[slot] = arrivals[old];
    }
  }
}
