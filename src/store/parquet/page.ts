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

/** The cells of a column chunk at these places in it, which ascend. */
export function read_cells(chunk: Uint8Array, codec: number, column: ParquetColumn, rows: readonly number[]): Cell[] {
  const cells: Cell[] = [];
  let dictionary: Cell[] = [];
  let at = 0;
  let first_row = 0;
  let next = 0;
  while (next < rows.length) {
    const reader = new ThriftReader(chunk, at);
    const header = read_page_header(reader);
    const content = decompressed(chunk.subarray(reader.at, reader.at + header.compressed_bytes), codec, header.bytes);
    at = reader.at + header.compressed_bytes;
    if (header.type === DICTIONARY_PAGE) {
      dictionary = plain_values(content, 0, column.type, header.value_count, null);
      continue;
    }
    if (header.type !== DATA_PAGE) throw new ParquetError(`${column.name}: a page of type ${header.type}`);
    const wanted: number[] = [];
    for (; next < rows.length && rows[next] < first_row + header.value_count; next++)
      wanted.push(rows[next] - first_row);
    cells.push(...page_cells(content, header, column, dictionary, wanted));
    first_row += header.value_count;
  }
  return cells;
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

function page_cells(
  content: Uint8Array,
  { value_count, encoding }: PageHeader,
  column: ParquetColumn,
  dictionary: readonly Cell[],
  wanted: readonly number[],
): Cell[] {
  let at = 0;
  let places: readonly number[] = wanted;
  if (column.is_optional) {
    // Its definition level says whether a cell has a value.
    const levels = hybrid_values(content, 4, 1, value_count);
    at = 4 + new DataView(content.buffer, content.byteOffset).getUint32(0, true);
    places = value_places(levels, wanted);
  }
  const last = places.reduce((high, place) => Math.max(high, place), -1);
  if (last < 0) return places.map(() => null);
  if (encoding === PLAIN) {
    const values = plain_values(content, at, column.type, last + 1, new Set(places));
    return places.map((place) => (place < 0 ? null : values[place]));
  }
  if (encoding !== RLE_DICTIONARY && encoding !== PLAIN_DICTIONARY) {
    throw new ParquetError(`${column.name}: encoding ${encoding}`);
  }
  const indexes = hybrid_values(content, at + 1, content[at], last + 1);
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
