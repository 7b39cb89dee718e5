// JSON text, written into a heap: strings from UTF-8, numbers with every digit, bytes as base64.
import { isUtf8 } from "node:buffer";
import { copy_ascii, copy_plain, type Source } from "./copy-text.ts";
import type { ByteHeap } from "./heap.ts";

const HEX_DIGITS = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
/** Both digits of a byte, the first one in the high half. */
const HEX_PAIRS = Uint16Array.from({ length: 256 }, (_, byte) => (HEX_DIGITS[byte >> 4] << 8) | HEX_DIGITS[byte & 15]);
const BASE64_DIGITS = Uint8Array.from("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", (digit) =>
  digit.charCodeAt(0),
);
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Bytes that a character takes inside a JSON string: 1 as it is, 2 for \n and its like, 6 for \u00XX. */
const ESCAPED_BYTES = new Uint8Array(256).fill(1);
/** The letter behind the backslash, for characters that take 2. */
const ESCAPE_LETTER = new Uint8Array(256);
for (let control = 0; control < 0x20; control++) ESCAPED_BYTES[control] = 6;
for (const [character, letter] of ['""', "\\\\", "\nn", "\rr", "\tt", "\bb", "\ff"]) {
  ESCAPED_BYTES[character.charCodeAt(0)] = 2;
  ESCAPE_LETTER[character.charCodeAt(0)] = letter.charCodeAt(0);
}
const ESCAPED_BYTES_MAX = 6;

const replacing_decoder = new TextDecoder();
const encoder = new TextEncoder();

/** The same text as valid UTF-8: each broken sequence becomes U+FFFD, as the Encoding standard has it. */
function repaired(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return encoder.encode(replacing_decoder.decode(bytes.subarray(start, end)));
}

/** Copies text, repairing it where it is not UTF-8. */
export function put_text(heap: ByteHeap, source: Source, start: number, end: number): void {
  if (!put_utf8(heap, source, start, end)) heap.put(repaired(source.bytes, start, end));
}

/** Copies text if it is UTF-8, else nothing. */
export function put_utf8(heap: ByteHeap, source: Source, start: number, end: number): boolean {
  const length = heap.length;
  heap.reserve(end - start);
  const at = copy_ascii(heap, source, start, end);
  if (at === end) return true;
  const rest = source.bytes.subarray(at, end);
  const is_utf8 = isUtf8(rest);
  if (is_utf8) heap.put(rest);
  else heap.length = length;
  return is_utf8;
}

/** Writes text as a JSON string. */
export function put_json_string(heap: ByteHeap, source: Source, start: number, end: number): void {
  heap.reserve(end - start + 2);
  heap.put_byte(QUOTE);
  const at = copy_plain(heap, source, start, end);
  if (at < end) put_rest(heap, source, at, end);
  heap.put_byte(QUOTE);
}

/** The rest of a string, from the first character that is not plain ASCII. */
function put_rest(heap: ByteHeap, source: Source, start: number, end: number): void {
  const { bytes } = source;
  for (let at = start; at < end;) {
    const byte = bytes[at];
    if (byte > 0x7f) {
      put_non_ascii(heap, bytes, at, end);
      return;
    }
    heap.reserve(end - at + ESCAPED_BYTES_MAX);
    heap.length = put_escape(heap.bytes, heap.length, byte);
    at = copy_plain(heap, source, at + 1, end);
  }
}

function put_non_ascii(heap: ByteHeap, bytes: Uint8Array, start: number, end: number): void {
  if (!isUtf8(bytes.subarray(start, end))) {
    const valid = repaired(bytes, start, end);
    put_non_ascii(heap, valid, 0, valid.length);
    return;
  }
  let size = 0;
  for (let i = start; i < end; i++) size += ESCAPED_BYTES[bytes[i]];
  heap.reserve(size);
  const out = heap.bytes;
  let at = heap.length;
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (ESCAPED_BYTES[byte] === 1) out[at++] = byte;
    else at = put_escape(out, at, byte);
  }
  heap.length = at;
}

function put_escape(out: Uint8Array, at: number, byte: number): number {
  out[at++] = BACKSLASH;
  if (ESCAPED_BYTES[byte] === 2) {
    out[at++] = ESCAPE_LETTER[byte];
    return at;
  }
  out[at++] = 0x75;
  out[at++] = 0x30;
  out[at++] = 0x30;
  out[at++] = HEX_DIGITS[byte >> 4];
  out[at++] = HEX_DIGITS[byte & 15];
  return at;
}

/**
 * Writes a double. A whole one keeps its `.0`, so that it can be told from an integer; what JSON has no number for
 * becomes the strings "NaN", "Infinity" and "-Infinity", as protobuf's JSON mapping has it.
 */
export function put_json_double(heap: ByteHeap, value: number): void {
  if (!Number.isFinite(value)) heap.put_ascii(`"${value}"`);
  else if (Object.is(value, -0)) heap.put_ascii("-0.0");
  else if (Number.isInteger(value) && Math.abs(value) < 1e21) heap.put_ascii(`${value}.0`);
  else heap.put_ascii(String(value));
}

/** Writes a whole number from 0 to 2^53, with so many digits at least. */
export function put_decimal(heap: ByteHeap, value: number, digits_min = 1): void {
  let digits = digits_min;
  for (let bound = 10 ** digits_min; bound <= value; bound *= 10) digits++;
  heap.reserve(digits);
  const out = heap.bytes;
  let rest = value;
  for (let at = heap.length + digits - 1; at >= heap.length; at--) {
    const tenth = Math.floor(rest / 10);
    out[at] = 0x30 + (rest - tenth * 10);
    rest = tenth;
  }
  heap.length += digits;
}

export function put_hex(heap: ByteHeap, bytes: Uint8Array, start: number, end: number): void {
  heap.reserve((end - start) * 2);
  const { view } = heap;
  let at = heap.length;
  for (let i = start; i < end; i++) {
    view.setUint16(at, HEX_PAIRS[bytes[i]]);
    at += 2;
  }
  heap.length = at;
}

/** Writes bytes as a JSON string of standard base64, padded. */
export function put_json_base64(heap: ByteHeap, bytes: Uint8Array, start: number, end: number): void {
  heap.reserve(Math.ceil((end - start) / 3) * 4 + 2);
  const out = heap.bytes;
  let at = heap.length;
  out[at++] = QUOTE;
  for (let i = start; i < end; i += 3) {
    const rest = end - i;
    const bits = (bytes[i] << 16) | (rest > 1 ? bytes[i + 1] << 8 : 0) | (rest > 2 ? bytes[i + 2] : 0);
    out[at++] = BASE64_DIGITS[bits >> 18];
    out[at++] = BASE64_DIGITS[(bits >> 12) & 63];
    out[at++] = rest > 1 ? BASE64_DIGITS[(bits >> 6) & 63] : 0x3d;
    out[at++] = rest > 2 ? BASE64_DIGITS[bits & 63] : 0x3d;
  }
  out[at++] = QUOTE;
  heap.length = at;
}

/** Writes a JSON array of what `put_one` writes for each item. */
export function put_json_list<Item>(heap: ByteHeap, items: readonly Item[], put_one: (item: Item) => void): void {
  heap.put_byte(0x5b);
  for (let i = 0; i < items.length; i++) {
    if (i > 0) heap.put_byte(0x2c);
    put_one(items[i]);
  }
  heap.put_byte(0x5d);
}
