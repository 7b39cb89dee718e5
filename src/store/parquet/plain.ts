import { ParquetError } from "./error.ts";
import { type Cell, TYPE } from "./types.ts";

// Parquet's plain encoding: https://parquet.apache.org/docs/file-format/data-pages/encodings/

/** One value alone, as statistics have it: a text without its length. */
export function plain_value(bytes: Uint8Array, type: number): Cell {
  return type === TYPE.byte_array ? bytes : (plain_values(bytes, 0, type, 1, null)[0] ?? null);
}

/** The first `count` values. Of texts only those at `places` are cut out, or all where that is null. */
export function plain_values(
  bytes: Uint8Array,
  start: number,
  type: number,
  count: number,
  places: ReadonlySet<number> | null,
): Cell[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (type) {
    case TYPE.byte_array:
      return texts(view, bytes, start, count, places);
    case TYPE.int32:
      return Array.from({ length: count }, (_, i) => view.getInt32(start + i * 4, true));
    case TYPE.int64:
      return Array.from({ length: count }, (_, i) => view.getBigInt64(start + i * 8, true));
    case TYPE.boolean:
      return Array.from({ length: count }, (_, i) => (bytes[start + (i >> 3)] & (1 << (i & 7))) !== 0);
    default:
      throw new ParquetError(`type ${type}`);
  }
}

function texts(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  count: number,
  places: ReadonlySet<number> | null,
): Cell[] {
  const cells: Cell[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    const length = view.getUint32(at, true);
    if (places === null || places.has(i)) cells[i] = bytes.subarray(at + 4, at + 4 + length);
    at += 4 + length;
  }
  if (at > bytes.length) throw new ParquetError("a page ends early");
  return cells;
}
