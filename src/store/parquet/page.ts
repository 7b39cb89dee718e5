import { decompress } from "../../zstd/index.ts";
import { ParquetError } from "./error.ts";
import { hybrid_values, run_value } from "./hybrid.ts";
import { ChunkPages, type PagePlace } from "./offset-index.ts";
import { ThriftReader } from "./thrift.ts";
import { CODEC, ENCODING, PAGE } from "./types.ts";

type PageHeader = { type: number; bytes: number; compressed_bytes: number; value_count: number; encoding: number };

/** A page, decompressed. What is asked of it again and again is found out once. */
export class Page {
  private starts: Uint32Array | null = null;
  private places: Int32Array | null | undefined;

  private constructor(
    readonly content: Uint8Array,
    readonly encoding: number,
    /** With nulls. */
    readonly row_count: number,
    private readonly has_levels: boolean,
  ) {}

  /**
   * Reads the page that `bytes` begin with: of a column whose cells may be null, or of a dictionary. `room_for` gives
   * memory of that length for its content.
   */
  static read(bytes: Uint8Array, codec: number, is_optional: boolean, room_for: (length: number) => Uint8Array): Page {
    const reader = new ThriftReader(bytes);
    const header = read_page_header(reader);
    const content = room_for(header.bytes);
    decompress_page(bytes.subarray(reader.at, reader.at + header.compressed_bytes), codec, content);
    const has_levels = is_optional && header.type === PAGE.data;
    return new Page(content, header.encoding, header.value_count, has_levels);
  }

  /** Where its values begin. */
  get values_at(): number {
    const { content } = this;
    return this.has_levels ? 4 + (content[0] | (content[1] << 8) | (content[2] << 16) | (content[3] << 24)) : 0;
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

  /** By value of a page of texts: where it begins, its length before it. One more at the end. */
  get text_starts(): Uint32Array {
    return (this.starts ??= this.find_text_starts());
  }

  private find_value_places(): Int32Array | null {
    const { content, row_count } = this;
    // Its definition level says whether a cell has a value.
    if (!this.has_levels || run_value(content, 4, 1, row_count) === 1) return null;
    const levels = hybrid_values(content, 4, 1, row_count);
    const places = new Int32Array(row_count);
    let next = 0;
    for (let row = 0; row < row_count; row++) places[row] = levels[row] === 0 ? -1 : next++;
    return places;
  }

  private find_text_starts(): Uint32Array {
    const { content, value_count: count } = this;
    const view = new DataView(content.buffer, content.byteOffset, content.length);
    const starts = new Uint32Array(count + 1);
    let at = this.values_at;
    for (let value = 0; value < count; value++) {
      starts[value] = at;
      at += 4 + view.getUint32(at, true);
    }
    if (at > content.length) throw new ParquetError("a page ends early");
    starts[count] = at;
    return starts;
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
