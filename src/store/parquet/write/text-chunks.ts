import { CODEC, ENCODING } from "../types.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import { bit_width, put_hybrid } from "./levels.ts";
import { DICTIONARY_VALUES_MAX, TextDictionary } from "./text-dictionary.ts";
import type { Bounds, ChunkMeta, TextCells } from "./types.ts";

/**
 * Whoever reads one cell decompresses its page: large ones compress better, small ones are faster. A row that is larger
 * than this has a page of its own.
 */
const PAGE_BYTES = 512 * 1024;
const DICTIONARY_BYTES_MAX = 128 * 1024;
/** So many values show whether they repeat. */
const TRIAL_VALUES = 128;
/** Bounds of longer texts are left out, but for columns that must have them. */
const BOUND_BYTES_MAX = 256;

export type TextChunk = {
  cells: TextCells;
  /** Which rows, in their order. */
  rows: Uint32Array;
  /** Whether bounds must be there however long they are. */
  is_bounded: boolean;
  /** Where in the file the writer's output begins. */
  start: number;
};

/** Writes texts: by number where at least half of them repeat others, else one behind the other. */
export class TextChunks {
  private readonly dictionary = new TextDictionary();
  private readonly numbers: Uint16Array;
  private readonly levels: Uint8Array;

  constructor(
    private readonly chunk: ChunkWriter,
    rows_max: number,
  ) {
    this.numbers = new Uint16Array(rows_max);
    this.levels = new Uint8Array(rows_max);
  }

  write(text: TextChunk): ChunkMeta {
    const value_count = this.find_repeats(text);
    return value_count === null ? this.write_texts(text) : this.write_numbers(text, value_count);
  }

  /** Fills dictionary and numbers, and gives how many values there are; null if too few repeat. */
  private find_repeats({ cells: { bytes, offsets, lengths }, rows }: TextChunk): number | null {
    const { dictionary, numbers } = this;
    dictionary.clear(bytes);
    let value_count = 0;
    let [offset, length, number] = [-1, -1, 0];
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (lengths[row] < 0) continue;
      // Neighbours often share their text.
      if (offsets[row] !== offset || lengths[row] !== length) {
        offset = offsets[row];
        length = lengths[row];
        number = dictionary.number_of(offset, length);
        if (dictionary.count === DICTIONARY_VALUES_MAX || dictionary.text_bytes > DICTIONARY_BYTES_MAX) return null;
      }
      numbers[value_count++] = number;
      if (value_count === TRIAL_VALUES && is_varied(dictionary.count, value_count)) return null;
    }
    return is_varied(dictionary.count, value_count) ? null : value_count;
  }

  private write_numbers({ cells: { bytes, lengths }, rows, is_bounded, start }: TextChunk, count: number): ChunkMeta {
    const { chunk, dictionary, levels, numbers } = this;
    chunk.begin(start, dictionary.count > 1 || count < rows.length ? CODEC.zstd : CODEC.uncompressed);
    const bounds = new TextBounds(bytes, is_bounded ? Infinity : BOUND_BYTES_MAX);
    for (let number = 0; number < dictionary.count; number++) {
      const [offset, length] = [dictionary.offsets[number], dictionary.lengths[number]];
      chunk.values.uint32(length);
      chunk.values.copy(bytes, offset, length);
      bounds.add(offset, length);
    }
    chunk.dictionary_page(dictionary.count);
    for (let i = 0; i < rows.length; i++) levels[i] = lengths[rows[i]] < 0 ? 0 : 1;
    const width = bit_width(dictionary.count);
    chunk.values.byte(width);
    if (count > 0) put_hybrid(chunk.values, numbers, count, width);
    chunk.data_page(rows.length, ENCODING.rle_dictionary, levels);
    return chunk.end(bounds.found);
  }

  private write_texts({ cells: { bytes, offsets, lengths }, rows, is_bounded, start }: TextChunk): ChunkMeta {
    const { chunk, levels } = this;
    const { values } = chunk;
    const bounds = new TextBounds(bytes, is_bounded ? Infinity : BOUND_BYTES_MAX);
    chunk.begin(start, CODEC.zstd);
    let page_rows = 0;
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      const length = lengths[row];
      if (page_rows > 0 && values.length + length > PAGE_BYTES) {
        chunk.data_page(page_rows, ENCODING.plain, levels);
        page_rows = 0;
      }
      levels[page_rows++] = length < 0 ? 0 : 1;
      if (length < 0) continue;
      values.uint32(length);
      values.copy(bytes, offsets[row], length);
      bounds.add(offsets[row], length);
    }
    chunk.data_page(page_rows, ENCODING.plain, levels);
    return chunk.end(bounds.found);
  }
}

/** Nothing and one value are for the dictionary. */
const is_varied = (distinct_count: number, value_count: number): boolean =>
  distinct_count > 1 && distinct_count * 2 > value_count;

/** The least and the greatest of texts, by their bytes; none where one is too long to be kept. */
class TextBounds {
  private min: [offset: number, length: number] | null = null;
  private max: [offset: number, length: number] | null = null;
  private is_too_long = false;

  constructor(
    private readonly bytes: Uint8Array,
    private readonly length_max: number,
  ) {}

  add(offset: number, length: number): void {
    this.is_too_long ||= length > this.length_max;
    if (this.is_too_long) return;
    if (this.min === null || compare(this.bytes, offset, length, ...this.min) < 0) this.min = [offset, length];
    if (this.max === null || compare(this.bytes, offset, length, ...this.max) > 0) this.max = [offset, length];
  }

  get found(): Bounds | null {
    if (this.is_too_long || this.min === null || this.max === null) return null;
    return { min: this.text(this.min), max: this.text(this.max) };
  }

  private text([offset, length]: [offset: number, length: number]): Uint8Array {
    return this.bytes.slice(offset, offset + length);
  }
}

function compare(bytes: Uint8Array, a: number, a_length: number, b: number, b_length: number): number {
  const length = Math.min(a_length, b_length);
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return bytes[a + i] - bytes[b + i];
  return a_length - b_length;
}
