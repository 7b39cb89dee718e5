import type { WireReader } from "./reader.ts";

/** A piece of the bytes: the content of a message, text or bytes field. Empty when the field is absent. */
export type Range = { readonly start: number; readonly end: number };

export const ABSENT: Range = { start: 0, end: 0 };

/** A range that is used again and again, where an object for each would count. */
export class Place implements Range {
  start = 0;
  end = 0;

  clear(): void {
    this.start = this.end = 0;
  }

  /** Takes in the length-delimited field at the reader's place, which is passed over. */
  read(reader: WireReader, end: number): void {
    const behind = enter_message(reader, end);
    this.start = reader.at;
    this.end = reader.at = behind;
  }
}

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

/**
 * Goes behind the key of the next field that has the key `wanted`, before `end`; false if there is none. The same as
 * `fields` where one call of a generator's for each span would count.
 */
export function find_field(reader: WireReader, wanted: number, end: number): boolean {
  while (reader.at < end) {
    const tag = reader.tag(end);
    if (tag === wanted) return true;
    reader.skip(tag, end);
  }
  return false;
}

/** The length-delimited fields of `message` with the key `wanted`, in order. The reader may be moved between two of them. */
export function* fields(reader: WireReader, message: Range, wanted: number): Generator<Range> {
  let at = message.start;
  while (at < message.end) {
    reader.at = at;
    const tag = reader.tag(message.end);
    if (tag === wanted) {
      const range = read_range(reader, message.end);
      at = range.end;
      yield range;
    } else {
      reader.skip(tag, message.end);
      at = reader.at;
    }
  }
}

/** The last of these fields, which is the one that counts; ABSENT if there is none. */
export function last_field(reader: WireReader, message: Range, wanted: number): Range {
  let last = ABSENT;
  reader.at = message.start;
  while (find_field(reader, wanted, message.end)) last = read_range(reader, message.end);
  return last;
}
