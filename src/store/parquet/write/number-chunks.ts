import { CODEC, ENCODING } from "../types.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import { put_hybrid } from "./levels.ts";
import type { Bounds, ChunkMeta, LogicalType, NumberCells, PageLimits, Slices } from "./types.ts";

const BITS_PER_BYTE = 8;
const WIDTH_OF_ONE_VALUE = 1;

export type NumberKind = Exclude<LogicalType, "text" | "json">;

/** Writes numbers: once where they are all alike, else one behind the other, booleans as bits. */
export class NumberChunks {
  private readonly levels: Uint8Array;
  private readonly zeros: Uint8Array;
  /** The numbers of a chunk. */
  private readonly gathered: Record<NumberKind, NumberCells>;

  constructor(
    private readonly chunk: ChunkWriter,
    rows_max: number,
  ) {
    this.levels = new Uint8Array(rows_max).fill(1);
    this.zeros = new Uint8Array(rows_max);
    this.gathered = {
      int32: new Int32Array(rows_max),
      uint32: new Uint32Array(rows_max),
      timestamp_us: new BigInt64Array(rows_max),
      boolean: new Uint8Array(rows_max),
    };
  }

  write(kind: NumberKind, slices: Slices<NumberCells>, pages: PageLimits): ChunkMeta {
    const numbers = this.gather(kind, slices);
    const { min, max } = range_of(numbers);
    // Parquet has no dictionaries of booleans.
    if (min === max && kind !== "boolean") this.write_one(numbers);
    else this.write_all(numbers, pages);
    return this.chunk.end({ min: plain_bytes(numbers, min), max: plain_bytes(numbers, max) });
  }

  private gather(kind: NumberKind, slices: Slices<NumberCells>): NumberCells {
    // Generic over numbers and bigints: what is taken out of an array is put into one of its kind.
    const into = this.gathered[kind] as Int32Array;
    let count = 0;
    for (const { cells, rows } of slices()) {
      const from = cells as Int32Array;
      for (let i = 0; i < rows.length; i++) into[count++] = from[rows[i]];
    }
    return this.gathered[kind].subarray(0, count);
  }

  private write_one(numbers: NumberCells): void {
    const { chunk } = this;
    chunk.begin(CODEC.uncompressed);
    chunk.values.put(plain_bytes(numbers, numbers[0]));
    chunk.dictionary_page(1);
    chunk.values.byte(WIDTH_OF_ONE_VALUE);
    put_hybrid(chunk.values, this.zeros.subarray(0, numbers.length), WIDTH_OF_ONE_VALUE);
    chunk.data_page(ENCODING.rle_dictionary, this.levels.subarray(0, numbers.length));
  }

  private write_all(numbers: NumberCells, pages: PageLimits): void {
    const { chunk, levels } = this;
    chunk.begin(CODEC.zstd);
    // Of booleans a page is small whatever it has.
    const page_rows = numbers instanceof Uint8Array ? numbers.length : pages.rows;
    for (let row = 0; row < numbers.length; row += page_rows) {
      const of_page = numbers.subarray(row, row + page_rows);
      chunk.values.put(of_page instanceof Uint8Array ? bits_of(of_page) : bytes_of(of_page));
      chunk.data_page(ENCODING.plain, levels.subarray(0, of_page.length));
    }
  }
}

function range_of(numbers: NumberCells): { min: number | bigint; max: number | bigint } {
  let min = numbers[0];
  let max = min;
  for (const number of numbers) {
    if (number < min) min = number;
    if (number > max) max = number;
  }
  return { min, max };
}

const bytes_of = ({ buffer, byteOffset, byteLength }: NumberCells): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

function bits_of(booleans: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(booleans.length / BITS_PER_BYTE));
  for (let i = 0; i < booleans.length; i++) bits[i >> 3] |= booleans[i] << (i & 7);
  return bits;
}

function plain_bytes(cells: NumberCells, value: number | bigint): Bounds["min"] {
  if (typeof value === "bigint") return new Uint8Array(BigInt64Array.of(value).buffer);
  return cells instanceof Uint8Array ? Uint8Array.of(value) : new Uint8Array(Uint32Array.of(value).buffer);
}
