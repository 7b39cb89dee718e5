import { WireReader } from "../src/wire/index.ts";
import { find_texts, type TextPlaces, vary_texts } from "./varied-text.ts";

/** A request and where its ids and times lie, so that copies can be made unique without building them anew. */
export type Template = {
  bytes: Uint8Array;
  span_count: number;
  /** Offsets of trace, span and parent ids. */
  ids: readonly number[];
  /** Offsets of start, end and event times. */
  times: readonly number[];
  texts: TextPlaces;
};

// Field keys on the way from a request to what is wanted of its spans.
const NESTED = new Map<string, Map<number, string>>([
  ["request", new Map([[10, "resource_spans"]])],
  ["resource_spans", new Map([[18, "scope_spans"]])],
  ["scope_spans", new Map([[18, "span"]])],
  ["span", new Map([[90, "event"]])],
]);
const IDS = new Map([["span", [10, 18, 34]]]);
const TIMES = new Map([
  ["span", [57, 65]],
  ["event", [9]],
]);

/** Finds the places in a serialized request. */
export function template_of(bytes: Uint8Array): Template {
  const reader = new WireReader(bytes);
  const ids: number[] = [];
  const times: number[] = [];
  let span_count = 0;
  const walk = (message: string, end: number): void => {
    if (message === "span") span_count++;
    while (reader.at < end) {
      const tag = reader.tag(end);
      const nested = NESTED.get(message)?.get(tag);
      if (nested !== undefined) {
        const length = reader.length(end);
        walk(nested, reader.at + length);
      } else if (IDS.get(message)?.includes(tag)) {
        const length = reader.length(end);
        ids.push(reader.at);
        reader.at += length;
      } else {
        if (TIMES.get(message)?.includes(tag)) times.push(reader.at);
        reader.skip(tag, end);
      }
    }
  };
  walk("request", bytes.length);
  return { bytes, span_count, ids, times, texts: find_texts(bytes) };
}

/** A copy whose ids are unique to `number` (below 2^32), consistent within it, and whose times are shifted. */
export function unique_copy({ bytes, ids, times }: Template, number: number, shift_nano: bigint): Uint8Array {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  for (const at of ids) view.setUint32(at, view.getUint32(at) ^ number);
  for (const at of times) view.setBigUint64(at, view.getBigUint64(at, true) + shift_nano, true);
  return copy;
}

/** The same with other words, ids and hex digits in all texts: copies of one template have nothing long in common. */
export function varied_copy(template: Template, number: number, shift_nano: bigint): Uint8Array {
  const copy = unique_copy(template, number, shift_nano);
  vary_texts(copy, template.texts, number);
  const view = new DataView(copy.buffer);
  // What is not the first word of an id: the same for all ids of the request, so that spans still find their parents.
  const mask = scrambled(number);
  for (const at of template.ids) view.setUint32(at + ID_WORD_BYTES, view.getUint32(at + ID_WORD_BYTES) ^ mask);
  return copy;
}

const ID_WORD_BYTES = 4;

const scrambled = (number: number): number => Math.imul(number ^ (number >>> 15), 0x2c1b3c6d) >>> 0;
