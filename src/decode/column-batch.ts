import type { Column, ColumnKind } from "./columns.ts";

const ROWS_INITIAL = 2048;
const NULL = -1;

type FixedCells = Int32Array | Uint32Array | BigInt64Array | Uint8Array;

/** Makes cells of a column of one width, by its kind. */
export const FIXED_CELLS: Record<Exclude<ColumnKind, "text" | "json">, (rows: number) => FixedCells> = {
  int32: (rows) => new Int32Array(rows),
  uint32: (rows) => new Uint32Array(rows),
  timestamp_us: (rows) => new BigInt64Array(rows),
  boolean: (rows) => new Uint8Array(rows),
};

/**
 * Rows as columns: for a text or JSON column the place of each cell in the heap, for the others the values themselves.
 *
 * Only text and JSON cells can be null. Cells of a new row are null until set; fixed-width ones are whatever they were,
 * so that every row must set each of them.
 */
export class ColumnBatch {
  row_count = 0;
  /** By column; empty for a fixed-width one. */
  readonly offsets: Uint32Array[];
  /** By column, in bytes; -1: null. Empty for a fixed-width one. */
  readonly lengths: Int32Array[];
  /** By column; empty for a text one. */
  readonly fixed: FixedCells[];
  /** The memory of `fixed` as words, low ones first: a place that writes to arrays of one type alone is compiled well. */
  private readonly words: Int32Array[];
  private capacity = 0;

  constructor(readonly columns: readonly Column[]) {
    this.offsets = columns.map(() => new Uint32Array(0));
    this.lengths = columns.map(() => new Int32Array(0));
    this.fixed = columns.map(() => new Uint8Array(0));
    this.words = columns.map(() => new Int32Array(0));
    this.resize(ROWS_INITIAL);
  }

  /** Adds a row of nulls and gives its index. */
  add_row(): number {
    if (this.row_count === this.capacity) this.resize(this.capacity * 2);
    const row = this.row_count++;
    for (const lengths of this.lengths) lengths[row] = NULL;
    return row;
  }

  set_text(column: number, row: number, offset: number, length: number): void {
    this.offsets[column][row] = offset;
    this.lengths[column][row] = length;
  }

  set_null(column: number, row: number): void {
    this.lengths[column][row] = NULL;
  }

  /** Of 32 bits, signed or not. */
  set_number(column: number, row: number, value: number): void {
    this.words[column][row] = value;
  }

  /** Of 64 bits, by its two halves. */
  set_number64(column: number, row: number, high: number, low: number): void {
    this.words[column][2 * row] = low;
    this.words[column][2 * row + 1] = high;
  }

  set_boolean(column: number, row: number, value: boolean): void {
    this.fixed[column][row] = value ? 1 : 0;
  }

  /** Lets one row's cell point where another's points: the text is shared, not copied. */
  share_text(column: number, row: number, from: ColumnBatch, from_column: number, from_row: number): void {
    this.set_text(column, row, from.offsets[from_column][from_row], from.lengths[from_column][from_row]);
  }

  /** Takes rows out; those behind them move up, in order. */
  remove_rows(rows: ReadonlySet<number>): void {
    if (rows.size === 0) return;
    let kept = 0;
    for (let row = 0; row < this.row_count; row++) {
      if (rows.has(row)) continue;
      if (kept < row) this.move_row(row, kept);
      kept++;
    }
    this.row_count = kept;
  }

  is_null(column: number, row: number): boolean {
    return this.lengths[column][row] === NULL;
  }

  private move_row(from: number, to: number): void {
    for (const cells of [...this.offsets, ...this.lengths, ...this.fixed]) {
      if (cells.length > 0) cells[to] = cells[from];
    }
  }

  private resize(rows: number): void {
    this.capacity = rows;
    for (const [index, { kind }] of this.columns.entries()) {
      if (kind === "text" || kind === "json") {
        this.offsets[index] = copied(this.offsets[index], new Uint32Array(rows));
        this.lengths[index] = copied(this.lengths[index], new Int32Array(rows));
      } else {
        const cells = (this.fixed[index] = copied(this.fixed[index], FIXED_CELLS[kind](rows)));
        if (kind !== "boolean") this.words[index] = new Int32Array(cells.buffer);
      }
    }
  }
}

function copied<Cells extends FixedCells>(from: Cells, to: Cells): Cells {
  if (from.length > 0) to.set(from as never);
  return to;
}

/** Where each column stands in its table, by name. */
export function column_indexes<Name extends string>(columns: readonly { name: Name }[]): Record<Name, number> {
  return Object.fromEntries(columns.map(({ name }, index) => [name, index])) as Record<Name, number>;
}
