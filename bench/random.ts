const HEX_DIGITS = "0123456789abcdef".split("");

/** The same numbers in each run: xorshift from a fixed seed. */
export class Random {
  private state = 20_261_123;

  /** At least 0, below 1. */
  next(): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) / 2 ** 32;
  }

  below = (limit: number): number => Math.floor(this.next() * limit);
  pick = <Item>(items: readonly Item[]): Item => items[this.below(items.length)];
  chance = (share: number): boolean => this.next() < share;
  bytes = (count: number): Uint8Array => Uint8Array.from({ length: count }, () => 1 + this.below(255));
  hex = (digits: number): string => Array.from({ length: digits }, () => this.pick(HEX_DIGITS)).join("");

  readonly words = Array.from({ length: 4000 }, () =>
    Array.from({ length: 2 + this.below(8) }, () => String.fromCharCode(97 + this.below(26))).join(""),
  );
  word = (): string => this.pick(this.words);

  /** Words, at least `length` characters of them. */
  text(length: number): string {
    let text = this.word();
    while (text.length < length) text += ` ${this.word()}`;
    return text;
  }
}

/** The words that every one of them makes its texts of. */
export const VOCABULARY: readonly string[] = new Random().words;
