/** From this many keys on, a map of names takes over from comparing with each one before. */
const SCANNED_COUNT_MAX = 32;
const NUMBERS_PER_ENTRY = 5;

const latin1 = new TextDecoder("latin1");

/**
 * A stack of attribute maps, as places in the wire bytes: where each key and each value lies.
 *
 * A map is the entries from its `base` (the stack's `count` when it began) on. Maps nest, as attribute values do; an
 * inner one is truncated away before the outer one goes on. A key that comes again replaces the value and keeps the
 * place, so that the last one wins.
 */
export class Entries {
  count = 0;
  private cells = new Int32Array(256 * NUMBERS_PER_ENTRY);
  /** For the maps that outgrew scanning: their keys, by base. */
  private readonly large = new Map<number, Map<string, number>>();

  /** Adds to the map that began at `base`. A value range that begins at -1 is an absent value. */
  add(
    bytes: Uint8Array,
    base: number,
    key_start: number,
    key_end: number,
    value_start: number,
    value_end: number,
  ): void {
    const hash = key_hash(bytes, key_start, key_end);
    const same =
      this.count - base < SCANNED_COUNT_MAX
        ? this.scan(bytes, base, hash, key_start, key_end)
        : this.look_up(bytes, base, key_start, key_end);
    if (same >= 0) {
      this.cells[same * NUMBERS_PER_ENTRY + 2] = value_start;
      this.cells[same * NUMBERS_PER_ENTRY + 3] = value_end;
      return;
    }
    const at = this.count++ * NUMBERS_PER_ENTRY;
    if (at === this.cells.length) this.grow();
    const cells = this.cells;
    cells[at] = key_start;
    cells[at + 1] = key_end;
    cells[at + 2] = value_start;
    cells[at + 3] = value_end;
    cells[at + 4] = hash;
  }

  key_start = (entry: number): number => this.cells[entry * NUMBERS_PER_ENTRY];
  key_end = (entry: number): number => this.cells[entry * NUMBERS_PER_ENTRY + 1];
  value_start = (entry: number): number => this.cells[entry * NUMBERS_PER_ENTRY + 2];
  value_end = (entry: number): number => this.cells[entry * NUMBERS_PER_ENTRY + 3];

  truncate(base: number): void {
    this.count = base;
    if (this.large.size > 0) for (const begun of this.large.keys()) if (begun >= base) this.large.delete(begun);
  }

  private scan(bytes: Uint8Array, base: number, hash: number, key_start: number, key_end: number): number {
    const cells = this.cells;
    for (let entry = base; entry < this.count; entry++) {
      const at = entry * NUMBERS_PER_ENTRY;
      if (cells[at + 4] === hash && equal_ranges(bytes, cells[at], cells[at + 1], key_start, key_end)) return entry;
    }
    return -1;
  }

  /** Where the key stands, or -1; then it is noted as the next entry's. */
  private look_up(bytes: Uint8Array, base: number, key_start: number, key_end: number): number {
    let names = this.large.get(base);
    if (names === undefined) {
      names = new Map();
      for (let entry = base; entry < this.count; entry++) {
        names.set(latin1.decode(bytes.subarray(this.key_start(entry), this.key_end(entry))), entry);
      }
      this.large.set(base, names);
    }
    const name = latin1.decode(bytes.subarray(key_start, key_end));
    const same = names.get(name);
    if (same === undefined) names.set(name, this.count);
    return same ?? -1;
  }

  private grow(): void {
    const bigger = new Int32Array(this.cells.length * 2);
    bigger.set(this.cells);
    this.cells = bigger;
  }
}

/** FNV-1a over the last bytes, where attribute names differ, and the length. */
function key_hash(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 ^ (end - start);
  for (let i = Math.max(start, end - 8); i < end; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return hash;
}

function equal_ranges(bytes: Uint8Array, a_start: number, a_end: number, b_start: number, b_end: number): boolean {
  if (a_end - a_start !== b_end - b_start) return false;
  for (let a = a_start, b = b_start; a < a_end; a++, b++) if (bytes[a] !== bytes[b]) return false;
  return true;
}
