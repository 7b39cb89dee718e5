import { CODEC, ENCODING } from "../types.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import { put_hybrid } from "./levels.ts";
import { GatheredNumbers, type NumberKind } from "./gathered-numbers.ts";
import type { ChunkMeta, NumberCells, PageLimits, Slices } from "./types.ts";

const BITS_PER_BYTE = 8;
const WIDTH_OF_ONE_VALUE = 1;

/** Writes numbers: once where they are all alike, else one behind the other, booleans as bits. */
export class NumberChunks {
  private readonly levels: Uint8Array;
  private readonly zeros: Uint8Array;
  private readonly numbers: GatheredNumbers;

  constructor(
    private readonly chunk: ChunkWriter,
    rows_max: number,
  ) {
    this.levels = new Uint8Array(rows_max).fill(1);
    this.zeros = new Uint8Array(rows_max);
    this.numbers = new GatheredNumbers(rows_max);
  }

  write(kind: NumberKind, slices: Slices<NumberCells>, pages: PageLimits): ChunkMeta {
    const { chunk, numbers } = this;
    numbers.fill(kind, slices);
    const { least, greatest } = numbers.range;
    // Parquet has no dictionaries of booleans, and of booleans a page is small whatever it has.
    if (kind === "boolean") this.write_booleans();
    else if (least === greatest) this.write_one();
    else this.write_all(pages.rows);
    const bound = (place: number) => numbers.bytes(place, place + 1).slice();
    return chunk.end({ min: bound(least), max: bound(greatest) });
  }

  private write_one(): void {
    const { chunk, numbers } = this;
    chunk.begin(CODEC.uncompressed);
    chunk.values.put(numbers.bytes(0, 1));
    chunk.dictionary_page(1);
    chunk.values.byte(WIDTH_OF_ONE_VALUE);
    put_hybrid(chunk.values, this.zeros.subarray(0, numbers.count), WIDTH_OF_ONE_VALUE);
    chunk.data_page(ENCODING.rle_dictionary, this.levels.subarray(0, numbers.count));
  }

  private write_all(page_rows: number): void {
    const { chunk, levels, numbers } = this;
    chunk.begin(CODEC.zstd);
    for (let row = 0; row < numbers.count; row += page_rows) {
      const end = Math.min(numbers.count, row + page_rows);
      chunk.values.put(numbers.bytes(row, end));
      chunk.data_page(ENCODING.plain, levels.subarray(row, end));
    }
  }

  private write_booleans(): void {
    const { chunk, levels, numbers } = this;
    chunk.begin(CODEC.zstd);
    chunk.values.put(bits_of(numbers.bytes(0, numbers.count)));
    chunk.data_page(ENCODING.plain, levels.subarray(0, numbers.count));
  }
}

function bits_of(booleans: Uint8Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(booleans.length / BITS_PER_BYTE));
  for (let i = 0; i < booleans.length; i++) bits[i >> 3] |= booleans[i] << (i & 7);
  return bits;
}
