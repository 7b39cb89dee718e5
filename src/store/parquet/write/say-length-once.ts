import { BLOCK_HEADER_BYTES, BLOCK_PIECES, BLOCK_VALUES } from "../one-length.ts";
import { TEXT_LENGTH_BYTES } from "../types.ts";
import type { ByteSink } from "./byte-sink.ts";

/** Brings plain texts, `count` of one length, into the form that read_one_length reads. `texts` is overwritten. */
export function say_length_once(values: ByteSink, count: number, length: number, texts: ByteSink): void {
  texts.clear();
  for (let value = 0; value < count; value++) {
    texts.copy(values.bytes, value * (TEXT_LENGTH_BYTES + length) + TEXT_LENGTH_BYTES, length);
  }
  values.clear();
  values.varint(BLOCK_VALUES);
  values.varint(BLOCK_PIECES);
  values.varint(count);
  values.varint(length * 2);
  for (let value = 1; value < count; value += BLOCK_VALUES) {
    for (let byte = 0; byte < BLOCK_HEADER_BYTES; byte++) values.byte(0);
  }
  values.put(texts.content);
}
