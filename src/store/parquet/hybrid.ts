import { ParquetError } from "./error.ts";

type Run = {
  /** Of its header's first byte behind. */
  at: number;
  value_count: number;
  is_packed: boolean;
};

/** The first `count` values of Parquet's hybrid of runs and packed bits, each `width` bits. */
export function hybrid_values(bytes: Uint8Array, start: number, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  let filled = 0;
  for (const { at, value_count, is_packed } of runs(bytes, start, width, count)) {
    const end = Math.min(count, filled + value_count);
    if (!is_packed) values.fill(whole_value(bytes, at, width), filled, end);
    else for (let i = filled; i < end; i++) values[i] = bits_at(bytes, at * 8 + (i - filled) * width, width);
    filled = end;
  }
  return values;
}

/** The values at these places, which ascend. */
export function hybrid_values_at(
  bytes: Uint8Array,
  start: number,
  width: number,
  places: readonly number[],
): Uint32Array {
  const values = new Uint32Array(places.length);
  let [filled, next] = [0, 0];
  for (const { at, value_count, is_packed } of runs(bytes, start, width, (places.at(-1) ?? -1) + 1)) {
    for (; next < places.length && places[next] < filled + value_count; next++) {
      const bit = at * 8 + (places[next] - filled) * width;
      values[next] = is_packed ? bits_at(bytes, bit, width) : whole_value(bytes, at, width);
    }
    filled += value_count;
  }
  return values;
}

/** The value of all `count` values if they are one run, or null. */
export function run_value(bytes: Uint8Array, start: number, width: number, count: number): number | null {
  for (const { at, value_count, is_packed } of runs(bytes, start, width, count)) {
    return is_packed || value_count < count ? null : whole_value(bytes, at, width);
  }
  return null;
}

/** The runs that together have `count` values or more. */
function* runs(bytes: Uint8Array, start: number, width: number, count: number): Generator<Run> {
  let at = start;
  for (let passed = 0; passed < count;) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length) throw new ParquetError("a page ends early");
      const byte = bytes[at++];
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    // Packed values come in groups of eight, each group `width` bytes long.
    const is_packed = (header & 1) === 1;
    const value_count = is_packed ? (header >>> 1) * 8 : header >>> 1;
    yield { at, value_count, is_packed };
    at += is_packed ? (header >>> 1) * width : value_bytes(width);
    passed += value_count;
  }
}

const value_bytes = (width: number): number => (width + 7) >> 3;

function whole_value(bytes: Uint8Array, at: number, width: number): number {
  let value = 0;
  for (let i = 0; i < value_bytes(width); i++) value |= bytes[at + i] << (8 * i);
  return value;
}

function bits_at(bytes: Uint8Array, bit: number, width: number): number {
  let value = 0;
  for (let got = 0; got < width;) {
    const offset = (bit + got) & 7;
    const take = Math.min(8 - offset, width - got);
    value |= ((bytes[(bit + got) >> 3] >> offset) & ((1 << take) - 1)) << got;
    got += take;
  }
  return value;
}
