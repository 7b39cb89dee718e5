import { type Column, PATCH_COLUMNS, ALL_SPAN_COLUMNS } from "../../../decode/index.ts";

/** How much there is room for. */
export type HotCapacity = { spans: number; patches: number; text_bytes: number };

/** Numbers of a column side by side. */
export type FixedCells = Int32Array | Uint32Array | BigInt64Array | Uint8Array;

/** Rows as columns, as the decoder has them: for a text its place in the memory's text, for others the values. */
export type HotColumns = {
  readonly columns: readonly Column[];
  /** By column; empty for a fixed-width one. */
  readonly offsets: readonly Uint32Array[];
  /** By column, in bytes; -1: null. Empty for a fixed-width one. */
  readonly lengths: readonly Int32Array[];
  /** By column; empty for a text one. */
  readonly fixed: readonly FixedCells[];
};

/**
 * Room for rows, in one piece of memory that another thread can be given. What is not written to takes none.
 *
 * The layout follows from the capacity, so that buffer and capacity are all that the other thread needs.
 */
export class HotMemory {
  readonly text: Uint8Array;
  readonly spans: HotColumns;
  readonly patches: HotColumns;
  /** By span: the number of its trace among those of the memory. */
  readonly trace_numbers: Uint32Array;

  constructor(
    readonly capacity: HotCapacity,
    readonly buffer: SharedArrayBuffer = new SharedArrayBuffer(bytes_of(capacity)),
  ) {
    const place = new Places(buffer);
    this.spans = columns_at(place, ALL_SPAN_COLUMNS, capacity.spans);
    this.patches = columns_at(place, PATCH_COLUMNS, capacity.patches);
    this.trace_numbers = place.take(Uint32Array, capacity.spans);
    this.text = place.take(Uint8Array, capacity.text_bytes);
  }
}

type ArrayOf<Cells> = {
  new (buffer: SharedArrayBuffer, at: number, length: number): Cells;
  readonly BYTES_PER_ELEMENT: number;
};

const FIXED: Record<Exclude<Column["kind"], "text" | "json">, ArrayOf<FixedCells>> = {
  int32: Int32Array,
  uint32: Uint32Array,
  timestamp_us: BigInt64Array,
  boolean: Uint8Array,
};

/** Each array begins where its widest number could. */
const ALIGNMENT = 8;
const TEXT_PLACE_BYTES = Uint32Array.BYTES_PER_ELEMENT + Int32Array.BYTES_PER_ELEMENT;

class Places {
  private at = 0;

  constructor(private readonly buffer: SharedArrayBuffer) {}

  take<Cells>(kind: ArrayOf<Cells>, length: number): Cells {
    const cells = new kind(this.buffer, this.at, length);
    this.at += aligned(length * kind.BYTES_PER_ELEMENT);
    return cells;
  }
}

function columns_at(place: Places, columns: readonly Column[], rows: number): HotColumns {
  const [offsets, lengths, fixed]: [Uint32Array[], Int32Array[], FixedCells[]] = [[], [], []];
  for (const { kind } of columns) {
    const is_text = kind === "text" || kind === "json";
    offsets.push(place.take(Uint32Array, is_text ? rows : 0));
    lengths.push(place.take(Int32Array, is_text ? rows : 0));
    fixed.push(is_text ? place.take(Uint8Array, 0) : place.take(FIXED[kind], rows));
  }
  return { columns, offsets, lengths, fixed };
}

function bytes_of({ spans, patches, text_bytes }: HotCapacity): number {
  const of_columns = (columns: readonly Column[], rows: number) =>
    columns.reduce((sum, { kind }) => {
      if (kind !== "text" && kind !== "json") return sum + aligned(rows * FIXED[kind].BYTES_PER_ELEMENT);
      return sum + 2 * aligned((rows * TEXT_PLACE_BYTES) / 2);
    }, 0);
  const trace_numbers = aligned(spans * Uint32Array.BYTES_PER_ELEMENT);
  return of_columns(ALL_SPAN_COLUMNS, spans) + of_columns(PATCH_COLUMNS, patches) + trace_numbers + aligned(text_bytes);
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
