/** The same numbers for the same seed (mulberry32). */
export class SeededRandom {
  constructor(private state: number) {}

  /** At least 0, below 1. */
  next = (): number => {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let x = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };

  /** A whole number from `min` to `max`. */
  between = (min: number, max: number): number => min + Math.floor(this.next() * (max - min + 1));
  pick = <Item>(items: readonly Item[]): Item => items[this.between(0, items.length - 1)];
  chance = (share: number): boolean => this.next() < share;
  bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => this.between(0, 255));
}
