import { CODEC, ENCODING } from "../types.ts";
import { ByteSink } from "./byte-sink.ts";
import type { ChunkWriter } from "./chunk-writer.ts";
import { bit_width, put_hybrid, value_count } from "./levels.ts";
import { say_length_once } from "./say-length-once.ts";
import { TextBounds } from "./text-bounds.ts";
import { DICTIONARY_IS_FULL, TextDictionary } from "./text-dictionary.ts";
import type { ChunkMeta, PageLimits, Slices, TextCells } from "./types.ts";

/** So many values show whether they repeat. */
const TRIAL_VALUES = 128;
const SEVERAL_LENGTHS = -1;

type Counts = { rows: number; values: number };

/** Writes texts: by number where at least half of them repeat others, else one behind the other. */
export class TextChunks {
  private readonly dictionary = new TextDictionary();
  /** Those of a page, while it is brought into another form. */
  private readonly texts = new ByteSink();
  /** By value. */
  private readonly numbers: Uint16Array;
  /** By row: 0 for a null, else 1. */
  private readonly levels: Uint8Array;

  constructor(
    private readonly chunk: ChunkWriter,
    rows_max: number,
  ) {
    this.numbers = new Uint16Array(rows_max);
    this.levels = new Uint8Array(rows_max);
  }

  write(slices: Slices<TextCells>, pages: PageLimits): ChunkMeta {
    const counts = this.find_repeats(slices);
    return counts === null ? this.write_texts(slices, pages) : this.write_numbers(counts, pages);
  }

  /** Fills dictionary, numbers and levels; null if too few values repeat. */
  private find_repeats(slices: Slices<TextCells>): Counts | null {
    const { dictionary, numbers, levels } = this;
    dictionary.clear();
    const counts = { rows: 0, values: 0 };
    for (const { cells, rows } of slices()) {
      const { bytes, offsets, lengths } = cells;
      let [offset, length, number] = [-1, -1, 0];
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i];
        levels[counts.rows++] = lengths[row] < 0 ? 0 : 1;
        if (lengths[row] < 0) continue;
        // Neighbours often share their text.
        if (offsets[row] !== offset || lengths[row] !== length) {
          offset = offsets[row];
          length = lengths[row];
          number = dictionary.number_of(bytes, offset, length);
          if (number === DICTIONARY_IS_FULL) return null;
        }
        numbers[counts.values++] = number;
        if (counts.values === TRIAL_VALUES && is_varied(dictionary.count, TRIAL_VALUES)) return null;
      }
    }
    return is_varied(dictionary.count, counts.values) ? null : counts;
  }

  private write_numbers(counts: Counts, pages: PageLimits): ChunkMeta {
    const { chunk, dictionary, levels, numbers } = this;
    const is_one_value = dictionary.count <= 1 && (counts.values === counts.rows || counts.values === 0);
    chunk.begin(is_one_value ? CODEC.uncompressed : CODEC.zstd);
    const bounds = new TextBounds();
    for (let number = 0; number < dictionary.count; number++) {
      const [offset, length] = [dictionary.offsets[number], dictionary.lengths[number]];
      chunk.values.uint32(length);
      chunk.values.copy(dictionary.bytes, offset, length);
      bounds.add(dictionary.bytes, offset, length);
    }
    chunk.dictionary_page(dictionary.count);
    const width = bit_width(dictionary.count);
    const page_rows = is_one_value ? counts.rows : pages.rows;
    let value = 0;
    for (let row = 0; row < counts.rows; row += page_rows) {
      const of_page = levels.subarray(row, Math.min(counts.rows, row + page_rows));
      const end = value + value_count(of_page);
      chunk.values.byte(width);
      if (end > value) put_hybrid(chunk.values, numbers.subarray(value, end), width);
      value = end;
      chunk.data_page(ENCODING.rle_dictionary, of_page);
    }
    return chunk.end(bounds.found);
  }

  private write_texts(slices: Slices<TextCells>, pages: PageLimits): ChunkMeta {
    const { chunk, levels } = this;
    const { values } = chunk;
    const bounds = new TextBounds();
    chunk.begin(CODEC.zstd);
    let [page_rows, page_values, one_length] = [0, 0, SEVERAL_LENGTHS];
    const end_page = () => {
      const is_one_length = page_values > 1 && one_length !== SEVERAL_LENGTHS;
      if (is_one_length) say_length_once(values, page_values, one_length, this.texts);
      chunk.data_page(is_one_length ? ENCODING.delta_length : ENCODING.plain, levels.subarray(0, page_rows));
      [page_rows, page_values] = [0, 0];
    };
    for (const { cells, rows } of slices()) {
      const { bytes, offsets, lengths } = cells;
      for (let i = 0; i < rows.length; i++) {
        const row = rows[i];
        const length = lengths[row];
        const is_full = page_rows === pages.rows || values.length + length > pages.text_bytes;
        if (is_full && page_rows > 0) end_page();
        levels[page_rows++] = length < 0 ? 0 : 1;
        if (length < 0) continue;
        if (page_values++ === 0) one_length = length;
        else if (length !== one_length) one_length = SEVERAL_LENGTHS;
        values.uint32(length);
        values.copy(bytes, offsets[row], length);
        bounds.add(bytes, offsets[row], length);
      }
    }
    if (page_rows > 0) end_page();
    return chunk.end(bounds.found);
  }
}

/** Nothing and one value are for the dictionary. */
const is_varied = (distinct_count: number, value_count: number): boolean =>
  distinct_count > 1 && distinct_count * 2 > value_count;
