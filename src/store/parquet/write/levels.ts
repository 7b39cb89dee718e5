import type { ByteSink } from "./byte-sink.ts";

/** Bits that the numbers below `count` take; Parquet's readers want one at least. */
export const bit_width = (count: number): number => Math.max(1, 32 - Math.clz32(count - 1));

/** How many rows have a value. By place: going through numbers by iterator takes ten times as long. */
export function value_count(levels: Uint8Array): number {
  let count = 0;
  for (let row = 0; row < levels.length; row++) count += levels[row];
  return count;
}

const GROUP_VALUES = 8;
/** What a run takes, or less: more bits in a row than these are written once. */
const RUN_BITS = 48;

/**
 * Numbers in Parquet's hybrid encoding: what is long enough alike as a run, the rest packed. What repeats otherwise is for
 * zstd to find.
 */
export function put_hybrid(out: ByteSink, values: Uint16Array | Uint8Array, width: number): void {
  const count = values.length;
  const run_values = Math.max(GROUP_VALUES, RUN_BITS / width);
  let packed = 0;
  for (let first = 0; first < count;) {
    let end = first + 1;
    while (end < count && values[end] === values[first]) end++;
    // Packed values come in whole groups.
    const run = packed + Math.ceil((first - packed) / GROUP_VALUES) * GROUP_VALUES;
    if (end - run >= run_values || (run === 0 && end === count)) {
      put_packed(out, values, packed, run, width);
      out.varint((end - run) << 1);
      for (let shift = 0; shift < width; shift += 8) out.byte(values[first] >>> shift);
      packed = end;
    }
    first = end;
  }
  put_packed(out, values, packed, count, width);
}

function put_packed(out: ByteSink, values: Uint16Array | Uint8Array, first: number, end: number, width: number): void {
  if (end <= first) return;
  const groups = Math.ceil((end - first) / GROUP_VALUES);
  out.varint((groups << 1) | 1);
  out.reserve(groups * width + 4);
  let [bits, bit_count] = [0, 0];
  for (let i = first; i < first + groups * GROUP_VALUES; i++) {
    bits |= (i < end ? values[i] : 0) << bit_count;
    bit_count += width;
    for (; bit_count >= 8; bit_count -= 8) {
      out.bytes[out.length++] = bits;
      bits >>>= 8;
    }
  }
}
