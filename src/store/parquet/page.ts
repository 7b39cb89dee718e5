import { ParquetError } from "./error.ts";
import { hybrid_values, run_value } from "./hybrid.ts";
import { plain_cells } from "./plain.ts";
import { ThriftReader } from "./thrift.ts";
import { type Cell, CODEC, ENCODING, PAGE, type ParquetColumn } from "./types.ts";

type PageHeader = { type: number; bytes: number; compressed_bytes: number; value_count: number; encoding: number };

/** `content` decompresses it: most pages are passed over. */
type DataPage = { content: () => Uint8Array; header: PageHeader; dictionary: () => readonly Cell[]; first_row: number };

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
    if (wanted.length > 0) cells.push(...page_cells(page, column, wanted));
    if (next === rows.length) break;
  }
  return cells;
}

/** The places in a column chunk at which a text stands. */
export function find_text(chunk: Uint8Array, codec: number, column: ParquetColumn, text: Uint8Array): number[] {
  const found: number[] = [];
  for (const page of data_pages(chunk, codec, column)) {
    const { first_row } = page;
    const { values, levels } = matching_values(page, column, text);
    if (levels === null) found.push(...values.map((value) => first_row + value));
    else found.push(...rows_of_values(levels, values).map((row) => first_row + row));
  }
  return found;
}

type Matches = { values: number[]; levels: Uint32Array | null };

/** Which of a page's values are the text. */
function matching_values(page: DataPage, column: ParquetColumn, text: Uint8Array): Matches {
  const { header } = page;
  const is_plain = header.encoding === ENCODING.plain;
  const is_match = is_plain
    ? []
    : page.dictionary().map((cell) => cell instanceof Uint8Array && Buffer.compare(cell, text) === 0);
  if (!is_plain && !is_match.includes(true)) return { values: [], levels: null };
  const content = page.content();
  const { at, levels } = value_start(content, header, column);
  const count = levels === null ? header.value_count : levels.reduce((sum, level) => sum + level, 0);
  if (is_plain) return { values: plain_matches(content, at, count, text), levels };
  const values: number[] = [];
  for (const [value, index] of dictionary_indexes(content, at, count, header, column.name).entries()) {
    if (is_match[index]) values.push(value);
  }
  return { values, levels };
}

function* data_pages(chunk: Uint8Array, codec: number, column: ParquetColumn): Generator<DataPage> {
  let dictionary: () => readonly Cell[] = () => [];
  let at = 0;
  let first_row = 0;
  while (at < chunk.length) {
    const reader = new ThriftReader(chunk, at);
    const header = read_page_header(reader);
    const compressed = chunk.subarray(reader.at, reader.at + header.compressed_bytes);
    const content = () => decompressed(compressed, codec, header.bytes);
    at = reader.at + header.compressed_bytes;
    if (header.type === PAGE.dictionary) {
      dictionary = once(() => plain_cells(content(), 0, column.type, counting(header.value_count)));
    } else if (header.type === PAGE.data) {
      yield { content, header, dictionary, first_row };
      first_row += header.value_count;
    } else {
      throw new ParquetError(`${column.name}: a page of type ${header.type}`);
    }
  }
}

const counting = (count: number): number[] => Array.from({ length: count }, (_, number) => number);

function once<Value>(make: () => Value): () => Value {
  let made: { value: Value } | null = null;
  return () => (made ??= { value: make() }).value;
}

type ValueStart = {
  at: number;
  /** By row, 1 for one that has a value; null where all do. */
  levels: Uint32Array | null;
};

function value_start(content: Uint8Array, { value_count }: PageHeader, { is_optional }: ParquetColumn): ValueStart {
  if (!is_optional) return { at: 0, levels: null };
  // Its definition level says whether a cell has a value.
  const at = 4 + new DataView(content.buffer, content.byteOffset).getUint32(0, true);
  if (run_value(content, 4, 1, value_count) === 1) return { at, levels: null };
  const levels = hybrid_values(content, 4, 1, value_count);
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

function dictionary_indexes(
  content: Uint8Array,
  at: number,
  count: number,
  { encoding }: PageHeader,
  name: string,
): Uint32Array {
  if (encoding !== ENCODING.rle_dictionary && encoding !== ENCODING.plain_dictionary) {
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
  return header;
}

function decompressed(bytes: Uint8Array, codec: number, length: number): Uint8Array {
  if (codec === CODEC.uncompressed) return bytes;
  const content = Bun.zstdDecompressSync(bytes);
  if (content.length !== length) throw new ParquetError(`a page has ${content.length} bytes, not ${length}`);
  return content;
}

function page_cells(page: DataPage, column: ParquetColumn, wanted: readonly number[]): Cell[] {
  const { header } = page;
  const content = page.content();
  const { at, levels } = value_start(content, header, column);
  const places = levels === null ? wanted : value_places(levels, wanted);
  const values = levels === null ? wanted : places.filter((place) => place >= 0);
  const last = values.at(-1);
  if (last === undefined) return places.map(() => null);
  const cells = value_cells(page, content, at, column, values, last);
  if (levels === null) return cells;
  let next = 0;
  return places.map((place) => (place < 0 ? null : cells[next++]));
}

/** The values at these places, which ascend to `last`. */
function value_cells(
  page: DataPage,
  content: Uint8Array,
  at: number,
  { type, name }: ParquetColumn,
  values: readonly number[],
  last: number,
): Cell[] {
  if (page.header.encoding === ENCODING.plain) return plain_cells(content, at, type, values);
  const dictionary = page.dictionary();
  const indexes = dictionary_indexes(content, at, last + 1, page.header, name);
  return values.map((value) => dictionary[indexes[value]]);
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
