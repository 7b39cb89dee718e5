import { CODEC, ENCODING } from "../types.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import { put_hybrid } from "./levels.ts";
import type { Bounds, ChunkMeta, NumberCells } from "./types.ts";

const BITS_PER_BYTE = 8;
const WIDTH_OF_ONE_VALUE = 1;

/** Writes numbers: once where they are all alike, else one behind the other, booleans as bits. */
export class NumberChunks {
  private readonly levels: Uint8Array;
  private readonly zeros: Uint8Array;

  constructor(
    private readonly chunk: ChunkWriter,
    rows_max: number,
  ) {
    this.levels = new Uint8Array(rows_max).fill(1);
    this.zeros = new Uint8Array(rows_max);
  }

  /** `rows` in their order; `start` is where in the file the writer's output begins. */
  write(cells: NumberCells, rows: Uint32Array, start: number): ChunkMeta {
    const { min, max } = range_of(cells, rows);
    // Parquet has no dictionaries of booleans.
    const is_constant = min === max && !(cells instanceof Uint8Array);
    if (is_constant) this.write_one(cells, rows, start);
    else this.write_all(cells, rows, start);
    return this.chunk.end({ min: plain_bytes(cells, min), max: plain_bytes(cells, max) });
  }

  private write_one(cells: NumberCells, rows: Uint32Array, start: number): void {
    const { chunk } = this;
    chunk.begin(start, CODEC.uncompressed);
    chunk.values.put(plain_bytes(cells, cells[rows[0]]));
    chunk.dictionary_page(1);
    chunk.values.byte(WIDTH_OF_ONE_VALUE);
    put_hybrid(chunk.values, this.zeros, rows.length, WIDTH_OF_ONE_VALUE);
    chunk.data_page(rows.length, ENCODING.rle_dictionary, this.levels);
  }

  private write_all(cells: NumberCells, rows: Uint32Array, start: number): void {
    const { chunk } = this;
    chunk.begin(start, CODEC.zstd);
    chunk.values.put(cells instanceof Uint8Array ? bits_of(cells, rows) : numbers_of(cells, rows));
    chunk.data_page(rows.length, ENCODING.plain, this.levels);
  }
}

function range_of(cells: NumberCells, rows: Uint32Array): { min: number | bigint; max: number | bigint } {
  let min = cells[rows[0]];
  let max = min;
  for (let i = 1; i < rows.length; i++) {
    const value = cells[rows[i]];
    if (value < min) min = value;
    if (value > max) max = value;
  }
  return { min, max };
}

function numbers_of(cells: Exclude<NumberCells, Uint8Array>, rows: Uint32Array): Uint8Array {
  // Generic over numbers and bigints: what is taken out of an array is put into one of its kind.
  const of_rows = new (cells.constructor as new (length: number) => typeof cells)(rows.length);
  for (let i = 0; i < rows.length; i++) of_rows[i] = cells[rows[i]];
  return new Uint8Array(of_rows.buffer);
}

function bits_of(cells: Uint8Array, rows: Uint32Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(rows.length / BITS_PER_BYTE));
  for (let i = 0; i < rows.length; i++) bits[i >> 3] |= cells[rows[i]] << (i & 7);
  return bits;
}

function plain_bytes(cells: NumberCells, value: number | bigint): Bounds["min"] {
  if (typeof value === "bigint") return new Uint8Array(BigInt64Array.of(value).buffer);
  return cells instanceof Uint8Array ? Uint8Array.of(value) : new Uint8Array(Uint32Array.of(value).buffer);
}
