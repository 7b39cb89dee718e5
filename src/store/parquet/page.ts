import { decompress, decompress_until } from "../../zstd/index.ts";
import { ParquetError } from "./error.ts";
import { hybrid_values, hybrid_values_at, ones_before, run_value } from "./hybrid.ts";
import { ChunkPages, type PagePlace } from "./offset-index.ts";
import { type TextPlaces, text_places } from "./text-places.ts";
import { ThriftReader } from "./thrift.ts";
import { CODEC, ENCODING, PAGE, type ParquetColumn, VALUE_BITS } from "./types.ts";

type PageHeader = { type: number; bytes: number; compressed_bytes: number; value_count: number; encoding: number };

const LEVELS_LENGTH_BYTES = 4;

/** A page, decompressed: whole, or as far as was asked for. What is asked of it again and again is found out once. */
export class Page {
  /** Of `content`; what is behind them was left compressed. */
  private bytes_there: number;
  /** How many bits each value takes, where that is known and the same for all. */
  private value_bits: number | null = null;
  private known_text_places: TextPlaces | null = null;
  private is_without_null: boolean | null = null;

  private constructor(
    readonly content: Uint8Array,
    readonly encoding: number,
    /** With nulls. */
    readonly row_count: number,
    private readonly has_levels: boolean,
  ) {
    this.bytes_there = content.length;
  }

  /**
   * Reads the page that `bytes` begin with: of a column whose cells may be null, or of a dictionary. `room_for` gives
   * memory of that length for its content.
   */
  static read(bytes: Uint8Array, codec: number, is_optional: boolean, room_for: (length: number) => Uint8Array): Page {
    const { page, compressed } = Page.begin(bytes, is_optional, room_for);
    decompress_page(compressed, codec, page.content);
    return page;
  }

  /** The same up to a row at least: the last of those that are wanted of it. */
  static read_until(
    last_row: number,
    bytes: Uint8Array,
    codec: number,
    { is_optional, type }: ParquetColumn,
    room_for: (length: number) => Uint8Array,
  ): Page {
    const { page, compressed } = Page.begin(bytes, is_optional, room_for);
    page.value_bits = VALUE_BITS.get(type) ?? null;
    if (codec !== CODEC.zstd || page.is_by_dictionary) decompress_page(compressed, codec, page.content);
    else {
      const is_enough = (length: number) => {
        page.bytes_there = length;
        return page.has(last_row);
      };
      page.bytes_there = decompress_until(compressed, page.content, is_enough);
    }
    if (!page.has(last_row)) throw new ParquetError("a page ends early");
    return page;
  }

  /** A page whose content is to come, and what that is to be made of. */
  private static begin(bytes: Uint8Array, is_optional: boolean, room_for: (length: number) => Uint8Array) {
    const reader = new ThriftReader(bytes);
    const header = read_page_header(reader);
    const has_levels = is_optional && header.type === PAGE.data;
    const page = new Page(room_for(header.bytes), header.encoding, header.value_count, has_levels);
    return { page, compressed: bytes.subarray(reader.at, reader.at + header.compressed_bytes) };
  }

  /** Whether the row was decompressed, and those before it. */
  has(row: number): boolean {
    const { bytes_there, content, value_bits } = this;
    if (bytes_there === content.length) return true;
    if (this.has_levels && (bytes_there < LEVELS_LENGTH_BYTES || bytes_there < this.values_at)) return false;
    const count = this.values_before(row + 1);
    if (value_bits === null) return this.text_places.are_within(count, bytes_there);
    return this.values_at + Math.ceil((count * value_bits) / 8) <= bytes_there;
  }

  /** Whether its values are numbers of those of a dictionary. */
  get is_by_dictionary(): boolean {
    return this.encoding !== ENCODING.plain && this.encoding !== ENCODING.delta_length;
  }

  /** Where its values begin. */
  get values_at(): number {
    const { content } = this;
    if (!this.has_levels) return 0;
    return LEVELS_LENGTH_BYTES + (content[0] | (content[1] << 8) | (content[2] << 16) | (content[3] << 24));
  }

  /** Without nulls. */
  get value_count(): number {
    return this.values_before(this.row_count);
  }

  /** By row: which of the values it has, or -1 for a null. Null where each row has one. */
  get value_places(): Int32Array | null {
    if (this.has_no_null) return null;
    const { content, row_count } = this;
    const levels = hybrid_values(content, LEVELS_LENGTH_BYTES, 1, row_count);
    const places = new Int32Array(row_count);
    let next = 0;
    for (let row = 0; row < row_count; row++) places[row] = levels[row] === 0 ? -1 : next++;
    return places;
  }

  /** The same of these rows, which ascend: themselves where each row has a value. */
  value_places_of(rows: readonly number[]): readonly number[] {
    if (this.has_no_null) return rows;
    const levels = hybrid_values_at(this.content, LEVELS_LENGTH_BYTES, 1, rows);
    const places = ones_before(this.content, LEVELS_LENGTH_BYTES, rows);
    return rows.map((_, index) => (levels[index] === 0 ? -1 : places[index]));
  }

  /** Where its texts are, of a page of texts, the first `count` of them at least. Throws ParquetError. */
  texts_before(count: number): TextPlaces {
    const { text_places: places } = this;
    if (!places.are_within(count, this.bytes_there)) throw new ParquetError("a page ends early");
    return places;
  }

  private get text_places(): TextPlaces {
    return (this.known_text_places ??= text_places(this.encoding, this.content, this.values_at, this.value_count));
  }

  /** How many values the first rows have. */
  private values_before(row: number): number {
    return this.has_no_null ? row : ones_before(this.content, LEVELS_LENGTH_BYTES, [row])[0];
  }

  private get has_no_null(): boolean {
    // Its definition level says whether a cell has a value.
    return (this.is_without_null ??=
      !this.has_levels || run_value(this.content, LEVELS_LENGTH_BYTES, 1, this.row_count) === 1);
  }
}

/** Where the pages of a whole chunk lie, by their headers: for a file that does not say it elsewhere. */
export function walk_pages(chunk: Uint8Array, chunk_start: number): ChunkPages {
  const pages: PagePlace[] = [];
  let [at, first_row] = [0, 0];
  while (at < chunk.length) {
    const reader = new ThriftReader(chunk, at);
    const header = read_page_header(reader);
    const place = { start: chunk_start + at, length: reader.at - at + header.compressed_bytes, first_row };
    at += place.length;
    // That of the dictionary comes first, if there is one.
    if (header.type === PAGE.dictionary && pages.length === 0) continue;
    if (header.type !== PAGE.data) throw new ParquetError(`a page of type ${header.type}`);
    pages.push(place);
    first_row += header.value_count;
  }
  return new ChunkPages(chunk_start, pages);
}

function read_page_header(reader: ThriftReader): PageHeader {
  const header = { type: -1, bytes: 0, compressed_bytes: 0, value_count: 0, encoding: ENCODING.plain as number };
  reader.struct((id) => {
    if (id === 1) header.type = reader.integer();
    else if (id === 2) header.bytes = reader.integer();
    else if (id === 3) header.compressed_bytes = reader.integer();
    else if (id === 5 || id === 7)
      reader.struct((field) => {
        if (field === 1) header.value_count = reader.integer();
        else if (field === 2) header.encoding = reader.integer();
        else return false;
        return true;
      });
    else return false;
    return true;
  });
  if (header.bytes < 0 || header.compressed_bytes < 0) throw new ParquetError("a page has less than no bytes");
  return header;
}

function decompress_page(bytes: Uint8Array, codec: number, content: Uint8Array): void {
  if (codec === CODEC.uncompressed) {
    if (bytes.length !== content.length) throw new ParquetError("a page ends early");
    content.set(bytes);
    return;
  }
  const length = decompress(bytes, content);
  if (length !== content.length) throw new ParquetError(`a page has ${length} bytes, not ${content.length}`);
}
