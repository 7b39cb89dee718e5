import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { ParquetError } from "./error.ts";
import { Footer, footer_bytes } from "./footer.ts";
import { ChunkPages, chunk_pages } from "./offset-index.ts";
import { Page, walk_pages } from "./page.ts";
import { page_columns } from "./page-columns.ts";
import { Room } from "./room.ts";
import type { ColumnCells } from "./write/types.ts";

const TAIL_BYTES = 8;

/** Cells that lie together: those of the rows from `first_row` to before `end_row`, by row of them. */
export type CellBlock = { first_row: number; end_row: number; cells: ColumnCells };

/** A Parquet file, to be read from its beginning to its end. Calls block: it is for a thread of its own. */
export class ParquetScan implements Disposable {
  readonly row_count: number;
  private readonly descriptor: number;
  private readonly footer: Footer;
  private readonly read_room = new Room();

  /** Throws ParquetError, or what the system says. */
  constructor(path: string) {
    this.descriptor = openSync(path, "r");
    try {
      const { size } = fstatSync(this.descriptor);
      const bytes = footer_bytes(this.read(Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES)));
      this.footer = new Footer(this.read(size - bytes, bytes));
    } catch (error) {
      closeSync(this.descriptor);
      throw error;
    }
    this.row_count = this.footer.row_counts.reduce((sum, count) => sum + count, 0);
  }

  has_column(name: string): boolean {
    return this.footer.columns.some((of_file) => of_file.name === name);
  }

  column(name: string): ColumnCursor {
    const column = this.footer.columns.findIndex((of_file) => of_file.name === name);
    if (column < 0) throw new ParquetError(`there is no column ${name}`);
    return new ColumnCursor(this.footer, column, (start, length) => this.read(start, length, this.read_room));
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }

  private read(start: number, length: number, room = new Room()): Uint8Array {
    if (start < 0) throw new ParquetError("the file ends early");
    const bytes = room.take(length);
    for (let filled = 0; filled < length;) {
      const count = readSync(this.descriptor, bytes, filled, length - filled, start + filled);
      if (count === 0) throw new ParquetError("the file ends early");
      filled += count;
    }
    return bytes;
  }
}

/** Goes through a column a page at a time, and holds one of them. */
export class ColumnCursor {
  private group = -1;
  private pages = new ChunkPages(0, []);
  private dictionary: Page | null = null;
  private readonly dictionary_room = new Room();
  private readonly page_room = new Room();
  private block: CellBlock = { first_row: 0, end_row: 0, cells: new Uint8Array(0) };

  constructor(
    private readonly footer: Footer,
    private readonly column: number,
    /** Good until the next call. */
    private readonly read: (start: number, length: number) => Uint8Array,
  ) {}

  /** The cells that the row is among. Fast where rows ascend. */
  block_of(row: number): CellBlock {
    if (row < this.block.first_row || row >= this.block.end_row) this.move_to(row);
    return this.block;
  }

  private move_to(row: number): void {
    const { first_rows, row_counts } = this.footer;
    const group = first_rows.findLastIndex((first) => first <= row);
    if (group !== this.group) this.open_group(group);
    const place_in_group = row - first_rows[group];
    const index = this.pages.index_of(place_in_group);
    const place = this.pages.page(index);
    const page = this.read_page(place, this.page_room);
    const { name, type } = this.footer.columns[this.column];
    const first_row = first_rows[group] + place.first_row;
    if (index === this.pages.count - 1 && first_row + page.row_count !== first_rows[group] + row_counts[group]) {
      throw new ParquetError(`${name}: the pages have other rows than the group`);
    }
    const cells = page_columns(page, this.dictionary, name, type);
    this.block = { first_row, end_row: first_row + page.row_count, cells };
  }

  private open_group(group: number): void {
    const { footer, column } = this;
    const chunk = group * footer.columns.length + column;
    const start = footer.starts[chunk];
    this.pages =
      footer.index_lengths[chunk] > 0
        ? chunk_pages(this.read(footer.index_starts[chunk], footer.index_lengths[chunk]), start)
        : walk_pages(this.read(start, footer.lengths[chunk]), start);
    this.group = group;
    const { dictionary } = this.pages;
    this.dictionary = dictionary === null ? null : this.read_page(dictionary, this.dictionary_room);
  }

  private read_page({ start, length }: { start: number; length: number }, room: Room): Page {
    const { footer, column, group } = this;
    const codec = footer.codecs[group * footer.columns.length + column];
    const { is_optional } = footer.columns[column];
    return Page.read(this.read(start, length), codec, is_optional, (bytes) => room.take(bytes));
  }
}
