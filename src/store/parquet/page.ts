import { decompress, decompress_until } from "../../zstd/index.ts";
import { ParquetError } from "./error.ts";
import { hybrid_values, run_value } from "./hybrid.ts";
import { read_one_length } from "./one-length.ts";
import { ChunkPages, type PagePlace } from "./offset-index.ts";
import { ThriftReader } from "./thrift.ts";
import { CODEC, ENCODING, PAGE, TEXT_LENGTH_BYTES } from "./types.ts";

type PageHeader = { type: number; bytes: number; compressed_bytes: number; value_count: number; encoding: number };

const LEVELS_LENGTH_BYTES = 4;

/** A page, decompressed: whole, or as far as was asked for. What is asked of it again and again is found out once. */
export class Page {
  /** Of `content`; what is behind them was left compressed. */
  private bytes_there: number;
  /** By value of a page of texts: where it begins, as text_starts has it; and where it ends, of the last that is known. */
  private starts: Uint32Array | null = null;
  private known_count = 0;
  private places: Int32Array | null | undefined;

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

  /** The same of a column of texts, up to a row at least: the last of those that are wanted of it. */
  static read_texts(
    bytes: Uint8Array,
    codec: number,
    is_optional: boolean,
    room_for: (length: number) => Uint8Array,
    last_row: number,
  ): Page {
    const { page, compressed } = Page.begin(bytes, is_optional, room_for);
    if (codec !== CODEC.zstd || page.encoding !== ENCODING.plain) decompress_page(compressed, codec, page.content);
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
    const { bytes_there, content } = this;
    if (bytes_there === content.length) return true;
    if (this.has_levels && (bytes_there < LEVELS_LENGTH_BYTES || bytes_there < this.values_at)) return false;
    return this.knows_texts(this.values_through(row));
  }

  /** Whether its values are numbers of those of a dictionary. */
  get is_by_dictionary(): boolean {
    return this.encoding !== ENCODING.plain && this.encoding !== ENCODING.delta_length;
  }

  /** What stands before each text of a page of texts. */
  get text_prefix_bytes(): number {
    return this.encoding === ENCODING.delta_length ? 0 : TEXT_LENGTH_BYTES;
  }

  /** Where its values begin. */
  get values_at(): number {
    const { content } = this;
    if (!this.has_levels) return 0;
    return LEVELS_LENGTH_BYTES + (content[0] | (content[1] << 8) | (content[2] << 16) | (content[3] << 24));
  }

  /** By row: which of the values it has, or -1 for a null. Null where each row has one. */
  get value_places(): Int32Array | null {
    if (this.places === undefined) this.places = this.find_value_places();
    return this.places;
  }

  /** Without nulls. */
  get value_count(): number {
    const { value_places: places, row_count } = this;
    if (places === null) return row_count;
    let count = 0;
    for (let row = 0; row < row_count; row++) if (places[row] >= 0) count++;
    return count;
  }

  /** By value of a page of texts: where it begins, with `text_prefix_bytes` before it. One more at the end. */
  get text_starts(): Uint32Array {
    return this.text_starts_of(this.value_count);
  }

  /** The same of the first so many values at least. */
  text_starts_of(count: number): Uint32Array {
    if (!this.knows_texts(count) || this.starts === null) throw new ParquetError("a page ends early");
    return this.starts;
  }

  /** Finds out where texts begin, and gives whether those of the first so many values are there. */
  private knows_texts(count: number): boolean {
    const { content, bytes_there, row_count } = this;
    if (this.encoding === ENCODING.delta_length) return this.knows_texts_of_one_length(count);
    const starts = (this.starts ??= new Uint32Array(row_count + 1).fill(this.values_at, 0, 1));
    const view = new DataView(content.buffer, content.byteOffset, bytes_there);
    const last = Math.min(count, row_count);
    let value = this.known_count;
    for (let at = starts[value]; value < last && at + TEXT_LENGTH_BYTES <= bytes_there; value++) {
      at += TEXT_LENGTH_BYTES + view.getUint32(at, true);
      if (at > bytes_there) break;
      starts[value + 1] = at;
    }
    this.known_count = value;
    return value >= count;
  }

  private knows_texts_of_one_length(count: number): boolean {
    const { content, value_count } = this;
    if (this.starts === null) {
      const { length, texts_at } = read_one_length(content, this.values_at);
      if (texts_at + value_count * length !== content.length)
        throw new ParquetError("a page has texts of other lengths");
      this.starts = new Uint32Array(value_count + 1);
      for (let value = 0; value <= value_count; value++) this.starts[value] = texts_at + value * length;
    }
    return count <= value_count;
  }

  /** How many values there are in the rows up to this one. */
  private values_through(row: number): number {
    const { value_places: places } = this;
    if (places === null) return row + 1;
    for (let at = row; at >= 0; at--) if (places[at] >= 0) return places[at] + 1;
    return 0;
  }

  private find_value_places(): Int32Array | null {
    const { content, row_count } = this;
    // Its definition level says whether a cell has a value.
    if (!this.has_levels || run_value(content, LEVELS_LENGTH_BYTES, 1, row_count) === 1) return null;
    const levels = hybrid_values(content, LEVELS_LENGTH_BYTES, 1, row_count);
    const places = new Int32Array(row_count);
    let next = 0;
    for (let row = 0; row < row_count; row++) places[row] = levels[row] === 0 ? -1 : next++;
    return places;
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
