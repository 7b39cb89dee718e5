import { WIRE } from "./reader.ts";

/** The key of a length-delimited field. Field numbers up to 15 take one byte, all that this project writes. */
export const tag = (field: number): number => field * 8 + WIRE.length_delimited;

/** How many bytes `value` takes as a varint. `value` is a non-negative integer up to 2^53. */
export function varint_bytes(value: number): number {
  let count = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) count++;
  return count;
}

/** Writes `value` as a varint at `at`; gives the offset behind it. The caller has made room. */
export function put_varint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  while (rest > 0x7f) {
    out[at++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  out[at++] = rest;
  return at;
}

/** How many bytes a length-delimited field (number up to 15) with `content_bytes` of content takes. */
export const length_delimited_bytes = (content_bytes: number): number =>
  1 + varint_bytes(content_bytes) + content_bytes;

/** Writes key, length and content at `at`; gives the offset behind it. */
export function put_length_delimited(out: Uint8Array, at: number, field: number, content: Uint8Array): number {
  out[at++] = tag(field);
  at = put_varint(out, at, content.length);
  out.set(content, at);
  return at + content.length;
}
