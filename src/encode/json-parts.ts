// Parts of JSON text, as they stand: JSON.parse would put keys that look like numbers first, and round integers. The text
// is what src/decode writes, without white space.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** The members of an object, in order: each key with its quotes, and its value. Throws when the text is not one. */
export function* members(text: string): Generator<[key: string, value: string]> {
  expect(text, 0, "{");
  if (text[1] === "}") return;
  for (let at = 1; ; at++) {
    const key_end = string_end(text, at);
    expect(text, key_end, ":");
    const end = value_end(text, key_end + 1);
    yield [text.slice(at, key_end), text.slice(key_end + 1, end)];
    if (text[end] === "}") return;
    expect(text, end, ",");
    at = end;
  }
}

/** The elements of an array, in order. Throws when the text is not one. */
export function* elements(text: string): Generator<string> {
  expect(text, 0, "[");
  if (text[1] === "]") return;
  for (let at = 1; ; at++) {
    const end = value_end(text, at);
    yield text.slice(at, end);
    if (text[end] === "]") return;
    expect(text, end, ",");
    at = end;
  }
}

function value_end(text: string, start: number): number {
  const first = text[start];
  if (first === '"') return string_end(text, start);
  if (first !== "{" && first !== "[") return scalar_end(text, start);
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    switch (text[at]) {
      case '"':
        at = string_end(text, at) - 1;
        break;
      case "{":
      case "[":
        depth++;
        break;
      case "}":
      case "]":
        if (--depth === 0) return at + 1;
    }
  }
  throw new Error(`JSON that has no end, from ${start} on`);
}

/** A number, true, false or null. */
function scalar_end(text: string, start: number): number {
  let at = start;
  while (at < text.length && !",]}".includes(text[at])) at++;
  if (at === start) throw new Error(`JSON lacks a value at ${start}`);
  return at;
}

function string_end(text: string, start: number): number {
  expect(text, start, '"');
  for (let at = start + 1; at < text.length; at++) {
    const character = text.charCodeAt(at);
    if (character === BACKSLASH) at++;
    else if (character === QUOTE) return at + 1;
  }
  throw new Error(`JSON that has no end, from ${start} on`);
}

function expect(text: string, at: number, character: string): void {
  if (text[at] !== character) throw new Error(`JSON has ${JSON.stringify(text[at])} at ${at}, not ${character}`);
}
