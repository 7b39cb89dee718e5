// The format: https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift

/** Physical types, codecs, encodings and kinds of pages, by Parquet's numbers. */
export const TYPE = { boolean: 0, int32: 1, int64: 2, byte_array: 6 } as const;
export const CODEC = { uncompressed: 0, zstd: 6 } as const;
export const ENCODING = { plain: 0, plain_dictionary: 2, rle: 3, delta_length: 6, rle_dictionary: 8 } as const;
export const PAGE = { data: 0, dictionary: 2 } as const;

/** By type, what a plain value takes. Of a text that depends. */
export const VALUE_BITS: ReadonlyMap<number, number> = new Map([
  [TYPE.boolean, 1],
  [TYPE.int32, 32],
  [TYPE.int64, 64],
]);

/** Of the length before each text of a plain page. */
export const TEXT_LENGTH_BYTES = 4;

export type ParquetColumn = { name: string; type: number; is_optional: boolean };

/** A value as it is stored: bytes of a text, or a number. Unsigned 32-bit numbers come as signed ones. */
export type Cell = Uint8Array | number | bigint | boolean | null;
