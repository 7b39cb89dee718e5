import { ParquetError } from "./error.ts";
import { hybrid_values_at } from "./hybrid.ts";
import type { Page } from "./page.ts";
import { plain_cells } from "./plain.ts";
import { type Cell, ENCODING, type ParquetColumn, TYPE } from "./types.ts";

/**
 * The cells of a page at these places in it, which ascend. A dictionary is there if the page needs one. Texts are copies:
 * the page's memory is used again.
 */
export function page_cells(
  page: Page,
  dictionary: Page | null,
  { name, type }: ParquetColumn,
  rows: readonly number[],
): Cell[] {
  const value_places = page.value_places_of(rows);
  if (value_places === rows) return value_cells(page, dictionary, type, name, rows);
  const places = value_places.filter((place) => place >= 0);
  const values = value_cells(page, dictionary, type, name, places);
  let next = 0;
  return value_places.map((place) => (place < 0 ? null : values[next++]));
}

function value_cells(
  page: Page,
  dictionary: Page | null,
  type: number,
  name: string,
  places: readonly number[],
): Cell[] {
  if (!page.is_by_dictionary) return plain_page_cells(page, type, places);
  const numbers = dictionary_numbers(page, name, places);
  if (dictionary === null) throw new ParquetError(`${name}: a page needs a dictionary, and there is none`);
  return plain_page_cells(dictionary, type, Array.from(numbers));
}

/** For values at these places, which ascend, their numbers in the dictionary. */
function dictionary_numbers(page: Page, name: string, places: readonly number[]): Uint32Array {
  const { start, width } = packed_numbers(page, name);
  return hybrid_values_at(page.content, start, width, places);
}

/** Where a page has its values' numbers in the dictionary, and the bits of each. */
export function packed_numbers({ content, values_at, encoding }: Page, name: string): { start: number; width: number } {
  if (encoding !== ENCODING.rle_dictionary && encoding !== ENCODING.plain_dictionary) {
    throw new ParquetError(`${name}: encoding ${encoding}`);
  }
  return { start: values_at + 1, width: content[values_at] };
}

function plain_page_cells(page: Page, type: number, places: readonly number[]): Cell[] {
  if (type !== TYPE.byte_array) return plain_cells(page.content, page.values_at, type, places);
  const texts = page.texts_before(places.reduce((most, place) => Math.max(most, place + 1), 0));
  return places.map((place) => page.content.slice(texts.start(place), texts.end(place)));
}
