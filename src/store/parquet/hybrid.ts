import { ParquetError } from "./error.ts";

/** The first `count` values of Parquet's hybrid of runs and packed bits, each `width` bits. */
export function hybrid_values(bytes: Uint8Array, start: number, width: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  const value_bytes = (width + 7) >> 3;
  let at = start;
  let filled = 0;
  while (filled < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (at >= bytes.length) throw new ParquetError("a page ends early");
      const byte = bytes[at++];
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    const length = header >>> 1;
    if ((header & 1) === 0) {
      let value = 0;
      for (let i = 0; i < value_bytes; i++) value |= bytes[at++] << (8 * i);
      values.fill(value, filled, Math.min(count, filled + length));
      filled += length;
    } else {
      // Groups of eight values, each group `width` bytes long.
      for (let i = 0; i < length * 8 && filled < count; i++) {
        values[filled++] = bits_at(bytes, at * 8 + i * width, width);
      }
      at += length * width;
    }
  }
  return values;
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

/** The value of all `count` values if they are one run, or null. */
export function run_value(bytes: Uint8Array, start: number, width: number, count: number): number | null {
  let header = 0;
  let at = start;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    header |= (byte & 127) << shift;
    if (byte < 128) break;
  }
  if ((header & 1) === 1 || header >>> 1 < count) return null;
  let value = 0;
  for (let i = 0; i < (width + 7) >> 3; i++) value |= bytes[at + i] << (8 * i);
  return value;
}
