import type { LogicalType, NumberCells, Slices } from "./types.ts";

export type NumberKind = Exclude<LogicalType, "text" | "json">;

const BYTES: Record<NumberKind, number> = { boolean: 1, int32: 4, uint32: 4, timestamp_us: 8 };
const BYTES_MAX = 8;
const SIGN_BIT = 0x80000000 | 0;

/** The places of the least and of the greatest number, which are the same only where all numbers are. */
type Range = { least: number; greatest: number };

/**
 * The numbers of a chunk, side by side. They are copied and compared by halves of 64 bits, wholes of 32 or bytes: one loop
 * for all kinds would be slow for each, and a BigInt is an object.
 */
export class GatheredNumbers {
  private readonly all_bytes: Uint8Array;
  private readonly all_words: Int32Array;
  private kind: NumberKind = "boolean";
  count = 0;

  constructor(rows_max: number) {
    const buffer = new ArrayBuffer(rows_max * BYTES_MAX);
    this.all_bytes = new Uint8Array(buffer);
    this.all_words = new Int32Array(buffer);
  }

  fill(kind: NumberKind, slices: Slices<NumberCells>): void {
    this.kind = kind;
    this.count = 0;
    for (const { cells, rows } of slices()) {
      if (kind === "boolean") copy_bytes(cells as Uint8Array, rows, this.all_bytes, this.count);
      else if (kind === "timestamp_us") copy_pairs(words_of(cells), rows, this.all_words, this.count);
      else copy_words(words_of(cells), rows, this.all_words, this.count);
      this.count += rows.length;
    }
  }

  /** Of the numbers from one place up to another, as they lie in memory, until it is filled again. */
  bytes(first: number, end: number): Uint8Array {
    const width = BYTES[this.kind];
    return this.all_bytes.subarray(first * width, end * width);
  }

  get range(): Range {
    const { kind, count, all_bytes, all_words } = this;
    if (kind === "boolean") return range_of_booleans(all_bytes.subarray(0, count));
    return kind === "timestamp_us" ? range_of_pairs(all_words, count) : range_of_words(all_words, count, kind);
  }
}

const words_of = ({ buffer, byteOffset, byteLength }: NumberCells): Int32Array =>
  new Int32Array(buffer, byteOffset, byteLength / Int32Array.BYTES_PER_ELEMENT);

function copy_bytes(from: Uint8Array, rows: Uint32Array, into: Uint8Array, at: number): void {
  for (let i = 0; i < rows.length; i++) into[at + i] = from[rows[i]];
}

function copy_words(from: Int32Array, rows: Uint32Array, into: Int32Array, at: number): void {
  for (let i = 0; i < rows.length; i++) into[at + i] = from[rows[i]];
}

function copy_pairs(from: Int32Array, rows: Uint32Array, into: Int32Array, at: number): void {
  for (let i = 0; i < rows.length; i++) {
    into[(at + i) * 2] = from[rows[i] * 2];
    into[(at + i) * 2 + 1] = from[rows[i] * 2 + 1];
  }
}

function range_of_booleans(booleans: Uint8Array): Range {
  return { least: Math.max(0, booleans.indexOf(0)), greatest: Math.max(0, booleans.indexOf(1)) };
}

function range_of_words(words: Int32Array, count: number, kind: NumberKind): Range {
  const flip = kind === "uint32" ? SIGN_BIT : 0;
  let [least, greatest] = [0, 0];
  for (let i = 1; i < count; i++) {
    const word = words[i] ^ flip;
    if (word < (words[least] ^ flip)) least = i;
    else if (word > (words[greatest] ^ flip)) greatest = i;
  }
  return { least, greatest };
}

/** The lower half of a pair comes first, and has no sign. */
function range_of_pairs(words: Int32Array, count: number): Range {
  const order = (a: number, b: number) =>
    words[a * 2 + 1] - words[b * 2 + 1] || (words[a * 2] ^ SIGN_BIT) - (words[b * 2] ^ SIGN_BIT);
  let [least, greatest] = [0, 0];
  for (let i = 1; i < count; i++) {
    if (order(i, least) < 0) least = i;
    else if (order(i, greatest) > 0) greatest = i;
  }
  return { least, greatest };
}
