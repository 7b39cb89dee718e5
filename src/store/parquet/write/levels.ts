import type { ByteSink } from "./byte-sink.ts";

/** Bits that the numbers below `count` take; Parquet's readers want one at least. */
export const bit_width = (count: number): number => Math.max(1, 32 - Math.clz32(count - 1));

/**
 * Numbers in Parquet's hybrid encoding: one run where they are all alike, else all of them packed. What repeats among
 * packed ones is for zstd to find.
 */
export function put_hybrid(out: ByteSink, values: Uint16Array | Uint8Array, width: number): void {
  const count = values.length;
  let is_run = true;
  for (let i = 1; i < count && is_run; i++) is_run = values[i] === values[0];
  if (is_run) {
    out.varint(count << 1);
    for (let shift = 0; shift < width; shift += 8) out.byte(values[0] >>> shift);
    return;
  }
  const groups = (count + 7) >> 3;
  out.varint((groups << 1) | 1);
  out.reserve(groups * width + 4);
  let [bits, bit_count] = [0, 0];
  for (let i = 0; i < groups * 8; i++) {
    bits |= (i < count ? values[i] : 0) << bit_count;
    bit_count += width;
    for (; bit_count >= 8; bit_count -= 8) {
      out.bytes[out.length++] = bits;
      bits >>>= 8;
    }
  }
}
