import { ParquetError } from "./error.ts";
import { hybrid_values } from "./hybrid.ts";
import { plain_values } from "./plain.ts";
import { ThriftReader } from "./thrift.ts";
import { type Cell, CODEC, type ParquetColumn } from "./types.ts";

const DATA_PAGE = 0;
const DICTIONARY_PAGE = 2;
const PLAIN = 0;
const PLAIN_DICTIONARY = 2;
const RLE_DICTIONARY = 8;

type PageHeader = { type: number; bytes: number; compressed_bytes: number; value_count: number; encoding: number };

type DataPage = { content: Uint8Array; header: PageHeader; dictionary: readonly Cell[]; first_row: number };

/** The cells of a column chunk at these places in it, which ascend. */
export function read_cells(chunk: Uint8Array, codec: number, column: ParquetColumn, rows: readonly number[]): Cell[] {
  const cells: Cell[] = [];
  let next = 0;
  for (const page of data_pages(chunk, codec, column)) {
    const { first_row, header } = page;
    const wanted: number[] = [];
    for (; next < rows.length && rows[next] < first_row + header.value_count; next++) {
      wanted.push(rows[next] - first_row);
    }
    cells.push(...page_cells(page, column, wanted));
    if (next === rows.length) break;
  }
  return cells;
}

/** The places in a column chunk at which a text stands. */
export function find_text(chunk: Uint8Array, codec: number, column: ParquetColumn, text: Uint8Array): number[] {
  const found: number[] = [];
  for (const page of data_pages(chunk, codec, column)) {
    const { header, first_row, dictionary } = page;
    const { at, levels } = value_start(page, column);
    const is_plain = header.encoding === PLAIN;
    const count = levels === null ? header.value_count : levels.reduce((sum, level) => sum + level, 0);
    const values = is_plain
      ? plain_matches(page.content, at, count, text)
      : dictionary_matches(
          page,
          at,
          count,
          column,
          dictionary.map((cell) => cell instanceof Uint8Array && Buffer.compare(cell, text) === 0),
        );
    if (levels === null) found.push(...values.map((value) => first_row + value));
    else found.push(...rows_of_values(levels, values).map((row) => first_row + row));
  }
  return found;
}

function* data_pages(chunk: Uint8Array, codec: number, column: ParquetColumn): Generator<DataPage> {
  let dictionary: Cell[] = [];
  let at = 0;
  let first_row = 0;
  while (at < chunk.length) {
    const reader = new ThriftReader(chunk, at);
    const header = read_page_header(reader);
    const content = decompressed(chunk.subarray(reader.at, reader.at + header.compressed_bytes), codec, header.bytes);
    at = reader.at + header.compressed_bytes;
    if (header.type === DICTIONARY_PAGE) {
      dictionary = plain_values(content, 0, column.type, header.value_count, null);
    } else if (header.type === DATA_PAGE) {
      yield { content, header, dictionary, first_row };
      first_row += header.value_count;
    } else {
      throw new ParquetError(`${column.name}: a page of type ${header.type}`);
    }
  }
}

/** Where the values of a page begin, and which rows have one: null where all do. */
function value_start({ content, header }: DataPage, column: ParquetColumn): { at: number; levels: Uint32Array | null } {
  if (!column.is_optional) return { at: 0, levels: null };
  // Its definition level says whether a cell has a value.
  const levels = hybrid_values(content, 4, 1, header.value_count);
  const at = 4 + new DataView(content.buffer, content.byteOffset).getUint32(0, true);
  return { at, levels: levels.every((level) => level === 1) ? null : levels };
}

function plain_matches(bytes: Uint8Array, start: number, count: number, text: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const matches: number[] = [];
  let at = start;
  for (let value = 0; value < count; value++) {
    const length = view.getUint32(at, true);
    if (length === text.length && is_at(bytes, at + 4, text)) matches.push(value);
    at += 4 + length;
  }
  return matches;
}

/** From the end: ids that are counted differ there. */
function is_at(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = text.length - 1; i >= 0; i--) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function dictionary_matches(
  { content, header }: DataPage,
  at: number,
  count: number,
  { name }: ParquetColumn,
  is_match: readonly boolean[],
): number[] {
  if (!is_match.includes(true)) return [];
  const matches: number[] = [];
  for (const [value, index] of dictionary_indexes(content, at, count, header, name).entries()) {
    if (is_match[index]) matches.push(value);
  }
  return matches;
}

function dictionary_indexes(
  content: Uint8Array,
  at: number,
  count: number,
  { encoding }: PageHeader,
  name: string,
): Uint32Array {
  if (encoding !== RLE_DICTIONARY && encoding !== PLAIN_DICTIONARY) {
    throw new ParquetError(`${name}: encoding ${encoding}`);
  }
  return hybrid_values(content, at + 1, content[at], count);
}

/** In which rows these values are, which ascend. */
function rows_of_values(levels: Uint32Array, values: readonly number[]): number[] {
  const rows: number[] = [];
  let [value, next] = [0, 0];
  for (let row = 0; row < levels.length && next < values.length; row++) {
    if (levels[row] === 0) continue;
    if (value === values[next]) next = rows.push(row);
    value++;
  }
  return rows;
}

function read_page_header(reader: ThriftReader): PageHeader {
  const header = { type: -1, bytes: 0, compressed_bytes: 0, value_count: 0, encoding: PLAIN };
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
  return header;
}

function decompressed(bytes: Uint8Array, codec: number, length: number): Uint8Array {
  if (codec === CODEC.uncompressed) return bytes;
  const content = Bun.zstdDecompressSync(bytes);
  if (content.length !== length) throw new ParquetError(`a page has ${content.length} bytes, not ${length}`);
  return content;
}

function page_cells(page: DataPage, column: ParquetColumn, wanted: readonly number[]): Cell[] {
  const { content, header, dictionary } = page;
  const { at, levels } = value_start(page, column);
  const places = levels === null ? wanted : value_places(levels, wanted);
  const last = places.reduce((high, place) => Math.max(high, place), -1);
  if (last < 0) return places.map(() => null);
  if (header.encoding === PLAIN) {
    const values = plain_values(content, at, column.type, last + 1, new Set(places));
    return places.map((place) => (place < 0 ? null : values[place]));
  }
  const indexes = dictionary_indexes(content, at, last + 1, header, column.name);
  return places.map((place) => (place < 0 ? null : dictionary[indexes[place]]));
}

/** Nulls are not among the values: where the value of each row stands, or -1. */
function value_places(levels: Uint32Array, rows: readonly number[]): number[] {
  const places: number[] = [];
  let [row, place] = [0, 0];
  for (const wanted of rows) {
    for (; row < wanted; row++) place += levels[row];
    places.push(levels[wanted] === 0 ? -1 : place);
  }
  return places;
}
