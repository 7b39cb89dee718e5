/** What a column's values mean. */
export type LogicalType = "text" | "json" | "timestamp_us" | "int32" | "uint32" | "boolean";

export type WrittenColumn = {
  readonly name: string;
  readonly kind: LogicalType;
  /** Another level of zstd than the file's. */
  readonly zstd_level?: number | undefined;
};

/** Texts: where each one lies in `bytes`, and its length, -1 for a null. */
export type TextCells = { readonly bytes: Uint8Array; readonly offsets: Uint32Array; readonly lengths: Int32Array };

/** Numbers as they are; a boolean is 0 or 1. */
export type NumberCells = Int32Array | Uint32Array | BigInt64Array | Uint8Array;

/** The cells of a column. */
export type ColumnCells = TextCells | NumberCells;

/** The cells at some places, in the order of `rows`. */
export type Slice<Cells extends ColumnCells = ColumnCells> = { readonly cells: Cells; readonly rows: Uint32Array };

/**
 * The rows of a column, one slice behind the other. A slice is good until the next one is asked for; what goes through
 * them may do so again from the beginning.
 */
export type Slices<Cells extends ColumnCells = ColumnCells> = () => Iterable<Slice<Cells>>;

/**
 * How much a page has at most. Whoever reads one cell decompresses its page: large ones compress better, small ones are
 * faster. A text that is larger than all of it has a page of its own.
 */
export type PageLimits = { readonly rows: number; readonly text_bytes: number };

/** What the footer says of a column chunk, one column of one row group. Bytes are counted with the headers of pages. */
export type ChunkMeta = {
  codec: number;
  /** Of its data pages. */
  encodings: Set<number>;
  value_count: number;
  bytes: number;
  compressed_bytes: number;
  data_page_at: number;
  dictionary_page_at: number | null;
  null_count: number;
  bounds: Bounds | null;
  /** Its data pages, in their order. */
  pages: PagePlace[];
};

/** Where a page lies in the file, and the place in the row group of its first row. */
export type PagePlace = { at: number; bytes: number; first_row: number };

/** Where the places of a chunk's pages are written. */
export type IndexPlace = { at: number; bytes: number };

/** As PLAIN writes values, texts without their lengths. */
export type Bounds = { min: Uint8Array; max: Uint8Array };
