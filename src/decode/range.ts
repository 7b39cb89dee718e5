import type { WireReader } from "../wire/index.ts";

/** A piece of the wire bytes: the content of a message, text or bytes field. Empty when the field is absent. */
export type Range = { readonly start: number; readonly end: number };

export const ABSENT: Range = { start: 0, end: 0 };

/** Where the message at the reader's place ends; the reader stays at the message's start. */
export function enter_message(reader: WireReader, end: number): number {
  const length = reader.length(end);
  return reader.at + length;
}

/** The length-delimited field at the reader's place, passed over. */
export function read_range(reader: WireReader, end: number): Range {
  const behind = enter_message(reader, end);
  const range = { start: reader.at, end: behind };
  reader.at = behind;
  return range;
}
