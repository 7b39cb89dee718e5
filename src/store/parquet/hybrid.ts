import { ParquetError } from "./error.ts";

/** By byte, how many of its bits are ones. */
const ONES = Uint8Array.from({ length: 256 }, (_, byte) => byte.toString(2).replaceAll("0", "").length);

/** The first `count` values of Parquet's hybrid of runs and packed bits, each `width` bits. */
export function hybrid_values(bytes: Uint8Array, start: number, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  const runs = new Runs(bytes, start, width, count);
  for (let filled = 0; runs.next();) {
    const { at, value_count, is_packed } = runs;
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
  const runs = new Runs(bytes, start, width, (places.at(-1) ?? -1) + 1);
  for (let [filled, next] = [0, 0]; runs.next(); filled += runs.value_count) {
    const { at, value_count, is_packed } = runs;
    for (; next < places.length && places[next] < filled + value_count; next++) {
      const bit = at * 8 + (places[next] - filled) * width;
      values[next] = is_packed ? bits_at(bytes, bit, width) : whole_value(bytes, at, width);
    }
  }
  return values;
}

/** Of values of one bit: how many ones come before each of these places, which ascend. */
export function ones_before(bytes: Uint8Array, start: number, places: readonly number[]): Uint32Array {
  const counts = new Uint32Array(places.length);
  const runs = new Runs(bytes, start, 1, places.at(-1) ?? 0);
  let [ones, passed, next] = [0, 0, 0];
  while (runs.next()) {
    const { at, value_count, is_packed } = runs;
    let byte = at;
    const pass_bytes = (end: number): void => {
      for (; byte < end; byte++) ones += ONES[bytes[byte]];
    };
    for (; next < places.length && places[next] <= passed + value_count; next++) {
      const count = places[next] - passed;
      if (is_packed) pass_bytes(at + (count >> 3));
      counts[next] = ones + (is_packed ? ONES[bytes[byte] & ((1 << (count & 7)) - 1)] : bytes[at] * count);
    }
    if (next === places.length) break;
    if (is_packed) pass_bytes(at + (value_count >> 3));
    else ones += bytes[at] * value_count;
    passed += value_count;
  }
  return counts;
}

/** The value of all `count` values if they are one run, or null. */
export function run_value(bytes: Uint8Array, start: number, width: number, count: number): number | null {
  const first = new Runs(bytes, start, width, count);
  if (!first.next() || first.is_packed || first.value_count < count) return null;
  return whole_value(bytes, first.at, width);
}

/** Goes through the runs that together have `count` values or more. */
class Runs {
  /** Of the run: the first byte behind its header. */
  at = 0;
  value_count = 0;
  is_packed = false;
  private passed = 0;

  constructor(
    private readonly bytes: Uint8Array,
    private next_at: number,
    private readonly width: number,
    private readonly count: number,
  ) {}

  /** Goes on to the next one, if there is one. */
  next(): boolean {
    if (this.passed >= this.count) return false;
    const header = this.read_header();
    // Packed values come in groups of eight, each group `width` bytes long.
    this.is_packed = (header & 1) === 1;
    this.value_count = this.is_packed ? (header >>> 1) * 8 : header >>> 1;
    this.at = this.next_at;
    this.next_at += this.is_packed ? (header >>> 1) * this.width : value_bytes(this.width);
    this.passed += this.value_count;
    return true;
  }

  private read_header(): number {
    const { bytes } = this;
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (this.next_at >= bytes.length) throw new ParquetError("a page ends early");
      const byte = bytes[this.next_at++];
      header |= (byte & 127) << shift;
      if (byte < 128) return header;
    }
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
