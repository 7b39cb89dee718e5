/** Physical types and codecs, by Parquet's numbers. */
export const TYPE = { boolean: 0, int32: 1, int64: 2, byte_array: 6 } as const;
export const CODEC = { uncompressed: 0, zstd: 6 } as const;

export type ParquetColumn = { name: string; type: number; is_optional: boolean };

/** A value as it is stored: bytes of a text, or a number. Unsigned 32-bit numbers come as signed ones. */
export type Cell = Uint8Array | number | bigint | boolean | null;
