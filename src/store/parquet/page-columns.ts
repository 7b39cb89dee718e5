import { ParquetError } from "./error.ts";
import { hybrid_values } from "./hybrid.ts";
import type { Page } from "./page.ts";
import { packed_numbers } from "./page-cells.ts";
import { TYPE } from "./types.ts";
import type { ColumnCells, NumberCells, TextCells } from "./write/types.ts";

/** All cells of a page, by row, as the writer takes them. Of numbers none is null. */
export function page_columns(page: Page, dictionary: Page | null, name: string, type: number): ColumnCells {
  const numbers = page.is_by_dictionary ? all_numbers(page, name) : null;
  const source = numbers === null ? page : dictionary;
  if (source === null) throw new ParquetError(`${name}: a page needs a dictionary, and there is none`);
  if (type === TYPE.byte_array) return texts(page, source, numbers);
  if (page.value_places !== null) throw new ParquetError(`${name}: a number is null`);
  return number_cells(source, numbers, type, page.row_count);
}

/** By value of the page, its number in the dictionary. */
function all_numbers(page: Page, name: string): Uint32Array {
  const { start, width } = packed_numbers(page, name);
  return hybrid_values(page.content, start, width, page.value_count);
}

function texts({ row_count, value_places }: Page, source: Page, numbers: Uint32Array | null): TextCells {
  const places = source.texts_before(source.value_count);
  const offsets = new Uint32Array(row_count);
  const lengths = new Int32Array(row_count);
  for (let row = 0; row < row_count; row++) {
    const value = value_places === null ? row : value_places[row];
    if (value < 0) {
      lengths[row] = -1;
      continue;
    }
    const place = numbers === null ? value : numbers[value];
    offsets[row] = places.start(place);
    lengths[row] = places.end(place) - offsets[row];
  }
  return { bytes: source.content, offsets, lengths };
}

function number_cells(source: Page, numbers: Uint32Array | null, type: number, row_count: number): NumberCells {
  const values = plain_numbers(source, type);
  if (numbers === null) return values;
  const cells = new (values.constructor as new (length: number) => Int32Array)(row_count);
  for (let row = 0; row < row_count; row++) cells[row] = (values as Int32Array)[numbers[row]];
  return cells;
}

/** The values of a page one behind the other. Signed or not, a number of 32 bits is written the same. */
function plain_numbers({ content, values_at, row_count }: Page, type: number): NumberCells {
  switch (type) {
    case TYPE.int32:
      return new Int32Array(copied(content, values_at, row_count * 4));
    case TYPE.int64:
      return new BigInt64Array(copied(content, values_at, row_count * 8));
    case TYPE.boolean:
      return Uint8Array.from({ length: row_count }, (_, row) => (content[values_at + (row >> 3)] >> (row & 7)) & 1);
    default:
      throw new ParquetError(`type ${type}`);
  }
}

/** Aligned, as numbers must be. */
const copied = (bytes: Uint8Array, at: number, length: number): ArrayBuffer =>
  new Uint8Array(bytes.subarray(at, at + length)).buffer;
