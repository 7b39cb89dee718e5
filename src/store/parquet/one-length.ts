import { ParquetError } from "./error.ts";

// Parquet's DELTA_LENGTH_BYTE_ARRAY: lengths as DELTA_BINARY_PACKED, and behind them the texts. Of texts of one length, such
// as ids, the lengths are a header and zeros; others are not written so here.
// https://parquet.apache.org/docs/file-format/data-pages/encodings/
export const BLOCK_VALUES = 128;
export const BLOCK_PIECES = 4;
/** How long the texts are, and how many, in blocks of how many. */
const START_BYTES_MAX = 4 * 5;
/** The least difference in a block, and the bits of those in each piece. */
export const BLOCK_HEADER_BYTES = 1 + BLOCK_PIECES;

/** What stands before so many texts takes at most. */
export const one_length_header_bytes = (count: number): number =>
  START_BYTES_MAX + Math.ceil(count / BLOCK_VALUES) * BLOCK_HEADER_BYTES;

/** How long each of the texts is that begin at `at`, and where the first one is. */
export function read_one_length(bytes: Uint8Array, at: number): { length: number; texts_at: number } {
  const header = new Varints(bytes, at);
  const block_values = header.next();
  const block_pieces = header.next();
  const count = header.next();
  const length = header.next() / 2;
  for (let value = 1; value < count; value += block_values) {
    let are_alike = header.next() === 0;
    for (let piece = 0; piece < block_pieces; piece++) are_alike &&= bytes[header.at++] === 0;
    if (!are_alike || block_values <= 0) throw new ParquetError("texts of several lengths by delta");
  }
  if (!Number.isInteger(length)) throw new ParquetError("a text has less than no bytes");
  return { length, texts_at: header.at };
}

class Varints {
  constructor(
    private readonly bytes: Uint8Array,
    public at: number,
  ) {}

  next(): number {
    for (let [value, scale] = [0, 1]; this.at < this.bytes.length; scale *= 128) {
      const byte = this.bytes[this.at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new ParquetError("a page ends early");
  }
}
