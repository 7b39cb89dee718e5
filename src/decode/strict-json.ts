/** Nesting beyond which text does not pass as JSON: parsers that recurse would fail on it. */
const DEPTH_MAX = 512;

// The closing bracket is two behind the opening one in ASCII.
const OPEN_OBJECT = 0x7b;
const OPEN_ARRAY = 0x5b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;
const COMMA = 0x2c;
const COLON = 0x3a;

const LITERALS = ["true", "false", "null"].map((word) => new TextEncoder().encode(word));

const is_space = (byte: number) => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const is_digit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const is_hex_digit = (byte: number) => is_digit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66);

/**
 * Whether bytes `start` to `end` are one JSON text (RFC 8259), to the letter, that escapes no half of a character. UTF-8 is
 * taken for granted.
 *
 * DuckDB's own json_valid also passes NaN, trailing commas and more, which clients then fail to parse; and JSON.parse
 * would build the value only to throw it away. Where a half of a character is escaped DuckDB refuses the text, and with it
 * the whole file that it is read from.
 */
export function is_strict_json(bytes: Uint8Array, start: number, end: number): boolean {
  const open: number[] = [];
  let at = skip_space(bytes, start, end);
  for (;;) {
    // A value begins at `at`.
    const byte = bytes[at];
    if (at >= end) return false;
    if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      if (open.length === DEPTH_MAX) return false;
      const inner = skip_space(bytes, at + 1, end);
      if (inner < end && bytes[inner] === byte + 2) {
        at = inner + 1;
      } else {
        open.push(byte);
        at = byte === OPEN_OBJECT ? after_key(bytes, inner, end) : inner;
        if (at < 0) return false;
        continue;
      }
    } else {
      at = after_scalar(bytes, at, end);
      if (at < 0) return false;
    }
    // A value has ended: close what it closes, then go to the next one.
    at = skip_space(bytes, at, end);
    while (open.length > 0 && at < end && bytes[at] === open[open.length - 1] + 2) {
      open.pop();
      at = skip_space(bytes, at + 1, end);
    }
    if (open.length === 0) return at === end;
    if (at >= end || bytes[at] !== COMMA) return false;
    at = skip_space(bytes, at + 1, end);
    if (open[open.length - 1] === OPEN_OBJECT) at = after_key(bytes, at, end);
    if (at < 0) return false;
  }
}

function skip_space(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && is_space(bytes[at])) at++;
  return at;
}

/** Behind `"key" :` and spaces, or -1. */
function after_key(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end || bytes[at] !== QUOTE) return -1;
  const behind = after_string(bytes, at, end);
  if (behind < 0) return -1;
  const colon = skip_space(bytes, behind, end);
  return colon < end && bytes[colon] === COLON ? skip_space(bytes, colon + 1, end) : -1;
}

/** Behind a string, number or literal, or -1. */
function after_scalar(bytes: Uint8Array, at: number, end: number): number {
  const byte = bytes[at];
  if (byte === QUOTE) return after_string(bytes, at, end);
  if (byte === 0x2d || is_digit(byte)) return after_number(bytes, at, end);
  for (const word of LITERALS) {
    if (at + word.length <= end && word.every((letter, i) => bytes[at + i] === letter)) return at + word.length;
  }
  return -1;
}

function after_string(bytes: Uint8Array, at: number, end: number): number {
  for (let i = at + 1; i < end; i++) {
    const byte = bytes[i];
    if (byte === QUOTE) return i + 1;
    if (byte < 0x20) return -1;
    if (byte !== BACKSLASH) continue;
    const letter = bytes[++i];
    if (i >= end) return -1;
    if (letter === LETTER_U) {
      i = after_escape(bytes, i, end) - 1;
      if (i < 0) return -1;
    } else if (!'"\\/bfnrt'.includes(String.fromCharCode(letter))) {
      return -1;
    }
  }
  return -1;
}

/** Behind a `u` and its four digits, and behind the other half if they are one; or -1. */
function after_escape(bytes: Uint8Array, at: number, end: number): number {
  const unit = code_unit(bytes, at + 1, end);
  if (unit < 0 || is_low_half(unit)) return -1;
  if (!is_high_half(unit)) return at + 5;
  const is_escaped = bytes[at + 5] === BACKSLASH && bytes[at + 6] === LETTER_U;
  return is_escaped && is_low_half(code_unit(bytes, at + 7, end)) ? at + 11 : -1;
}

const is_high_half = (unit: number) => unit >= 0xd800 && unit < 0xdc00;
const is_low_half = (unit: number) => unit >= 0xdc00 && unit < 0xe000;

/** Four hex digits as a number, or -1. */
function code_unit(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 > end) return -1;
  for (let digit = at; digit < at + 4; digit++) if (!is_hex_digit(bytes[digit])) return -1;
  return Number.parseInt(String.fromCharCode(bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]), 16);
}

function after_number(bytes: Uint8Array, at: number, end: number): number {
  if (bytes[at] === 0x2d) at++;
  if (at < end && bytes[at] === 0x30) at++;
  else if ((at = after_digits(bytes, at, end)) < 0) return -1;
  if (at < end && bytes[at] === 0x2e && (at = after_digits(bytes, at + 1, end)) < 0) return -1;
  if (at < end && (bytes[at] | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === 0x2b || bytes[at] === 0x2d)) at++;
    at = after_digits(bytes, at, end);
  }
  return at;
}

/** Behind at least one digit, or -1. */
function after_digits(bytes: Uint8Array, at: number, end: number): number {
  const start = at;
  while (at < end && is_digit(bytes[at])) at++;
  return at > start ? at : -1;
}
