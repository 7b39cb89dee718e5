import { type Column, FIXED_CELLS, INTERNAL_SPAN_COLUMNS } from "../../../decode/index.ts";
import {
  ByteSink,
  type ColumnCursor,
  type NumberCells,
  type ParquetScan,
  type Slice,
  type Slices,
  type TextCells,
} from "../../parquet/index.ts";
import type { FixedCells, HotColumns } from "../hot/hot-memory.ts";
import type { RowCells } from "./write-rows.ts";

/** Rows, or texts, of a slice: what lies in memory of a column at once. */
const SLICE_ROWS = 1024;
const SLICE_BYTES = 1024 * 1024;

/** Segments of format 1 do not have these. */
const MAY_BE_ABSENT = new Set<string>(INTERNAL_SPAN_COLUMNS.map(({ name }) => name));

/**
 * Rows of several files as if they were one: numbered in the order of the files, without those of one trace. Some columns,
 * the keys, are in memory; the cells of all are read as they are asked for, a page of each file at a time.
 */
export class MergedRows {
  readonly row_count: number;
  readonly keys: HotColumns;
  /** By row: the number of its file, and its number there. */
  private readonly files: Uint8Array;
  private readonly file_rows: Uint32Array;
  /** What slices lie in: the next one is asked for when the last is done with. */
  private readonly heap = new ByteSink();
  private readonly offsets = new Uint32Array(SLICE_ROWS);
  private readonly lengths = new Int32Array(SLICE_ROWS);
  private readonly places = Uint32Array.from({ length: SLICE_ROWS }, (_, place) => place);

  /** The keys' texts are put into `text`, which may move as it grows. */
  constructor(
    private readonly columns: readonly Column[],
    private readonly scans: readonly ParquetScan[],
    key_names: readonly string[],
    except_trace_id: string | null,
    text: ByteSink,
  ) {
    const rows = kept_rows(scans, except_trace_id);
    this.row_count = rows.reduce((sum, of_file) => sum + of_file.length, 0);
    this.files = new Uint8Array(this.row_count);
    this.file_rows = new Uint32Array(this.row_count);
    let end = 0;
    for (const [file, of_file] of rows.entries()) {
      this.files.fill(file, end, end + of_file.length);
      this.file_rows.set(of_file, end);
      end += of_file.length;
    }
    this.keys = this.read_keys(key_names, text);
  }

  readonly cells: RowCells = (column, rows): Slices => {
    const { columns } = this;
    const { kind } = columns[column];
    return kind === "text" || kind === "json"
      ? () => this.texts(columns[column], rows)
      : () => this.numbers(columns[column], kind, rows);
  };

  private *texts(column: Column, rows: Uint32Array): Generator<Slice<TextCells>> {
    const { heap, offsets, lengths } = this;
    const cursors = this.cursors(column);
    let count = 0;
    heap.clear();
    const slice = () => ({ cells: { bytes: heap.bytes, offsets, lengths }, rows: this.places.subarray(0, count) });
    const copy = new TextCopy(heap);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i];
      if (count === SLICE_ROWS || heap.length > SLICE_BYTES) {
        yield slice();
        heap.clear();
        copy.forget();
        count = 0;
      }
      const file_row = this.file_rows[row];
      const { first_row, cells } = cursors[this.files[row]].block_of(file_row);
      lengths[count] = copy.put(cells as TextCells, file_row - first_row);
      offsets[count++] = copy.offset;
    }
    if (count > 0) yield slice();
  }

  private *numbers(column: Column, kind: keyof typeof FIXED_CELLS, rows: Uint32Array): Generator<Slice<NumberCells>> {
    const cells = FIXED_CELLS[kind](rows.length);
    this.read_numbers(column, rows, cells);
    yield { cells, rows: Uint32Array.from(rows, (_, place) => place) };
  }

  /** Of these rows, or of all. */
  private read_numbers(column: Column, rows: Uint32Array | null, into: FixedCells): void {
    const cursors = this.cursors(column);
    for (let i = 0; i < into.length; i++) {
      const row = rows === null ? i : rows[i];
      const file_row = this.file_rows[row];
      const { first_row, cells } = cursors[this.files[row]].block_of(file_row);
      // Generic over numbers and bigints: what is taken out of an array is put into one of its kind.
      (into as Int32Array)[i] = (cells as Int32Array)[file_row - first_row];
    }
  }

  private read_keys(names: readonly string[], text: ByteSink): HotColumns {
    const { columns, row_count } = this;
    const is_key = ({ name }: Column) => names.includes(name);
    const is_text = ({ kind }: Column) => kind === "text" || kind === "json";
    const texts = columns.map((column) => (is_key(column) && is_text(column) ? row_count : 0));
    const offsets = texts.map((length) => new Uint32Array(length));
    const lengths = texts.map((length) => new Int32Array(length));
    const fixed = columns.map((column) => {
      const { kind } = column;
      if (!is_key(column) || kind === "text" || kind === "json") return new Uint8Array(0);
      const cells = FIXED_CELLS[kind](row_count);
      this.read_numbers(column, null, cells);
      return cells;
    });
    for (const [index, column] of columns.entries()) {
      if (texts[index] === 0) continue;
      const cursors = this.cursors(column);
      const copy = new TextCopy(text);
      for (let row = 0; row < row_count; row++) {
        const file_row = this.file_rows[row];
        const { first_row, cells } = cursors[this.files[row]].block_of(file_row);
        lengths[index][row] = copy.put(cells as TextCells, file_row - first_row);
        offsets[index][row] = copy.offset;
      }
    }
    return { columns, offsets, lengths, fixed };
  }

  private cursors(column: Column): Pick<ColumnCursor, "block_of">[] {
    const { name } = column;
    const is_absent = (scan: ParquetScan) => MAY_BE_ABSENT.has(name) && !scan.has_column(name);
    return this.scans.map((scan) => (is_absent(scan) ? absent(column, scan) : scan.column(name)));
  }
}

/** Nulls, and zeros. */
function absent({ kind }: Column, { row_count }: ParquetScan): Pick<ColumnCursor, "block_of"> {
  const cells =
    kind === "text" || kind === "json"
      ? { bytes: new Uint8Array(0), offsets: new Uint32Array(row_count), lengths: new Int32Array(row_count).fill(-1) }
      : FIXED_CELLS[kind](row_count);
  return { block_of: () => ({ first_row: 0, end_row: row_count, cells }) };
}

/** Copies texts; one that is the very text of the last is where that is. */
class TextCopy {
  /** Where the last text was put. */
  offset = 0;
  private from: Uint8Array | null = null;
  private from_offset = -1;

  constructor(private readonly heap: ByteSink) {}

  /** Gives the text's length, -1 for a null. */
  put({ bytes, offsets, lengths }: TextCells, row: number): number {
    const length = lengths[row];
    if (length < 0 || (bytes === this.from && offsets[row] === this.from_offset)) return length;
    this.from = bytes;
    this.from_offset = offsets[row];
    this.offset = this.heap.length;
    this.heap.copy(bytes, offsets[row], length);
    return length;
  }

  /** The heap was emptied. */
  forget(): void {
    this.from = null;
  }
}

/** By file, the rows that are not the trace's. */
function kept_rows(scans: readonly ParquetScan[], except_trace_id: string | null): Uint32Array[] {
  const except = except_trace_id === null ? null : Buffer.from(except_trace_id);
  return scans.map((scan) => {
    const all = Uint32Array.from({ length: scan.row_count }, (_, row) => row);
    if (except === null) return all;
    const cursor = scan.column("trace_id");
    return all.filter((row) => {
      const { first_row, cells } = cursor.block_of(row);
      const { bytes, offsets, lengths } = cells as TextCells;
      const at = offsets[row - first_row];
      return !except.equals(bytes.subarray(at, at + lengths[row - first_row]));
    });
  });
}
