import { ParquetError } from "./error.ts";
import { type Cell, TYPE } from "./types.ts";

// Parquet's plain encoding: https://parquet.apache.org/docs/file-format/data-pages/encodings/

/** One value alone, as statistics have it: a text without its length. */
export function plain_value(bytes: Uint8Array, type: number): Cell {
  return type === TYPE.byte_array ? bytes : (plain_cells(bytes, 0, type, [0])[0] ?? null);
}

/** The values at these places, of a type of one width. */
export function plain_cells(bytes: Uint8Array, start: number, type: number, places: readonly number[]): Cell[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (type) {
    case TYPE.int32:
      return places.map((place) => view.getInt32(start + place * 4, true));
    case TYPE.int64:
      return places.map((place) => view.getBigInt64(start + place * 8, true));
    case TYPE.boolean:
      return places.map((place) => (bytes[start + (place >> 3)] & (1 << (place & 7))) !== 0);
    default:
      throw new ParquetError(`type ${type}`);
  }
}
