import { isLosslessNumber, stringify } from "lossless-json";

/** How much of each text, and of each array or object, is shown: as much as fits. */
const SIZES: readonly { text_max: number; items_max: number }[] = [
  { text_max: Infinity, items_max: Infinity },
  { text_max: 20_000, items_max: 1_000 },
  { text_max: 4_000, items_max: 500 },
  { text_max: 1_000, items_max: 200 },
  { text_max: 300, items_max: 100 },
  { text_max: 100, items_max: 40 },
  { text_max: 40, items_max: 15 },
  { text_max: 20, items_max: 5 },
];

/**
 * A value as JSON of at most about so many characters. Long texts, arrays and objects are cut, each with a note of how much is
 * gone; if that is not enough, the JSON is cut itself and becomes a text.
 */
export function fit(value: unknown, characters_max: number): string {
  let json = "";
  for (const size of SIZES) {
    json = stringify(cut(value, size)) ?? "null";
    if (json.length <= characters_max) return json;
  }
  return JSON.stringify(cut_text(json, Math.max(0, characters_max)));
}

export const cut_text = (text: string, characters_max: number): string =>
  text.length <= characters_max
    ? text
    : `${text.slice(0, characters_max)}… [${text.length - characters_max} more characters]`;

type Size = (typeof SIZES)[number];

function cut(value: unknown, size: Size): unknown {
  if (typeof value === "string") return cut_text(value, size.text_max);
  if (typeof value !== "object" || value === null || isLosslessNumber(value)) return value;
  if (Array.isArray(value)) {
    const items = value.slice(0, size.items_max).map((item) => cut(item, size));
    const gone = value.length - items.length;
    return gone > 0 ? [...items, `… [${gone} more items]`] : items;
  }
  const members = Object.entries(value);
  const shown = members.slice(0, size.items_max).map(([key, member]) => [key, cut(member, size)]);
  const gone = members.length - shown.length;
  if (gone > 0) shown.push(["…", `[${gone} more members]`]);
  return Object.fromEntries(shown);
}
