import { VOCABULARY } from "./random.ts";

/** Where in a serialized request words of the vocabulary and hex ids lie. */
export type TextPlaces = { words: readonly Place[]; hexes: readonly Place[] };
type Place = { at: number; length: number };

/** Within a text: what frames texts must stay as it is. */
const WORD = /(?<=[ "])[a-z]{2,9}(?=[ "])/g;
const HEX = /[0-9a-f]{8,32}/g;
const QUOTE = 34;
const HEX_DIGITS = Buffer.from("0123456789abcdef");

const value_of_digit = new Uint8Array(256);
for (const [value, digit] of HEX_DIGITS.entries()) value_of_digit[digit] = value;

const vocabulary = new Set(VOCABULARY);
/** By length: the words, one behind the other. */
const words_of_length = Array.from({ length: 10 }, (_, length) =>
  Buffer.from(VOCABULARY.filter((word) => word.length === length).join("")),
);

export function find_texts(bytes: Uint8Array): TextPlaces {
  const text = Buffer.from(bytes).toString("latin1");
  const find = (pattern: RegExp, is_wanted: (place: Place) => boolean) =>
    Array.from(text.matchAll(pattern), (match) => ({ at: match.index, length: match[0].length })).filter(is_wanted);
  return {
    words: find(WORD, ({ at, length }) => vocabulary.has(text.slice(at, at + length))),
    // A text of its own, of which the length stands before it, or one in JSON.
    hexes: find(HEX, ({ at, length }) => bytes[at - 1] === length || bytes[at - 1] === QUOTE),
  };
}

/** Puts other words of the same length in their places, and other digits, the same ones for the same id. */
export function vary_texts(bytes: Uint8Array, { words, hexes }: TextPlaces, seed: number): void {
  let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
  for (const { at, length } of words) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const of_length = words_of_length[length];
    const from = ((state >>> 0) % (of_length.length / length)) * length;
    for (let i = 0; i < length; i++) bytes[at + i] = of_length[from + i];
  }
  for (const { at, length } of hexes) {
    for (let i = 0; i < length; i++) {
      const mask = (Math.imul(seed + i * 7919, 0x85ebca6b) >>> 13) & 15;
      bytes[at + i] = HEX_DIGITS[value_of_digit[bytes[at + i]] ^ mask];
    }
  }
}
