import { open, type FileHandle } from "node:fs/promises";
import { ParquetError } from "./error.ts";
import { Footer, footer_bytes } from "./footer.ts";
import { type ChunkPages, chunk_pages, type PagePlace } from "./offset-index.ts";
import { Page, walk_pages } from "./page.ts";
import type { GroupPages, PageCache } from "./page-cache.ts";
import { page_cells } from "./page-cells.ts";
import type { PageKey } from "./page-ring.ts";
import { all_ended, read_at, read_ranges } from "./read.ts";
import type { BorrowedBuffers } from "./read-buffers.ts";
import type { Cell } from "./types.ts";

/** Most footers fit into the first read. */
const TAIL_READ_BYTES = 64 * 1024;

/** A page, and what it is called in the cache. */
type KeyedPage = PagePlace & { key: PageKey };
/** A page, and the places in it of the rows that are wanted of it. */
type Part = { page: KeyedPage; rows: readonly number[] };
/** What is wanted of a column. */
type ColumnPart = { column: number; codec: number; dictionary: KeyedPage | null; parts: readonly Part[] };
/** Pages as they lie in the file. */
type PageBytes = ReadonlyMap<PageKey, Uint8Array>;

/** A Parquet file, open for reading some of its rows. It must not change. */
export class ParquetFile implements AsyncDisposable {
  private static next_number = 0;
  /** Tells its pages from those of other files. */
  private readonly number = ParquetFile.next_number++;
  private readonly places: ReadonlyMap<string, number>;
  private readonly group_keys: readonly object[];

  private constructor(
    private readonly handle: FileHandle,
    private readonly footer: Footer,
    private readonly cache: PageCache,
  ) {
    this.places = new Map(footer.columns.map(({ name }, place) => [name, place]));
    this.group_keys = footer.row_counts.map(() => ({}));
  }

  /** Rejects with ParquetError, or what the system says. */
  static async open(path: string, cache: PageCache): Promise<ParquetFile> {
    const handle = await open(path);
    try {
      return new ParquetFile(handle, new Footer(await read_footer(handle)), cache);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  get group_count(): number {
    return this.footer.group_count;
  }

  /** The number of a group's first row, and how many it has. */
  group(group: number): { first_row: number; row_count: number } {
    return { first_row: this.footer.first_rows[group], row_count: this.footer.row_counts[group] };
  }

  /** The one value that a column has in all rows of the group, or undefined if that is not known. */
  constant(group: number, name: string): Cell | undefined {
    return this.footer.constant(this.chunk(group, this.place(name)));
  }

  /** Cells of these columns, by column, of these rows of the file, which ascend. */
  async cells_of_rows(names: readonly string[], rows: readonly number[]): Promise<Cell[][]> {
    const by_group: Promise<Cell[][]>[] = [];
    let next = 0;
    for (let group = 0; next < rows.length && group < this.group_count; group++) {
      const { first_row, row_count } = this.group(group);
      const places: number[] = [];
      for (; next < rows.length && rows[next] < first_row + row_count; next++) places.push(rows[next] - first_row);
      if (places.length > 0) by_group.push(this.cells(group, names, places));
    }
    const found = await all_ended(by_group);
    return names.map((_, column) => found.flatMap((cells) => cells[column]));
  }

  /** Cells of these columns, by column, of the rows at these places in the group, which ascend. */
  async cells(group: number, names: readonly string[], rows: readonly number[]): Promise<Cell[][]> {
    const columns = names.map((name) => this.place(name));
    const pages = await this.pages_of(group, columns);
    const wanted = columns.map((column) => this.column_part(group, column, pages, rows));
    using buffers = this.cache.buffers.borrowed();
    const varied = wanted.filter((part) => part !== null);
    const read = new Map<ColumnPart, PageBytes>();
    for (;;) {
      const missing = varied.filter((part) => !read.has(part) && !this.is_cached(part));
      if (missing.length === 0) break;
      await this.read_pages(missing, buffers, read);
      // Somebody else's pages may have pushed out others meanwhile. From here on nobody's can.
    }
    // Those first whose pages are all in the cache: pages that are put into it push others out.
    const cached = wanted.map((part) => (part === null || read.has(part) ? null : this.cached_cells(part)));
    return wanted.map((part, index) => {
      if (part === null) return this.constant_cells(group, columns[index], rows.length);
      const bytes = read.get(part);
      return (bytes === undefined ? cached[index] : this.read_cells(part, bytes)) ?? [];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }

  private constant_cells(group: number, column: number, count: number): Cell[] {
    const constant = this.footer.constant(this.chunk(group, column)) ?? null;
    return Array.from({ length: count }, () => constant);
  }

  /** Where the pages of these columns are, at least. */
  private async pages_of(group: number, columns: readonly number[]): Promise<GroupPages> {
    const { cache, footer } = this;
    const pages: GroupPages = cache.groups.get(this.group_keys[group]) ?? new Map<number, ChunkPages>();
    const missing = columns.filter(
      (column) => !pages.has(column) && footer.constant(this.chunk(group, column)) === undefined,
    );
    if (missing.length === 0) return pages;
    const chunks = missing.map((column) => this.chunk(group, column));
    // A file of another's making has no index: its chunks are small, and say it themselves.
    const ranges = chunks.map((chunk) =>
      footer.index_lengths[chunk] > 0
        ? { start: footer.index_starts[chunk], length: footer.index_lengths[chunk] }
        : { start: footer.starts[chunk], length: footer.lengths[chunk] },
    );
    using buffers = cache.buffers.borrowed();
    const contents = await read_ranges(this.handle, ranges, buffers);
    for (const [index, chunk] of chunks.entries()) {
      const read = footer.index_lengths[chunk] > 0 ? chunk_pages : walk_pages;
      pages.set(missing[index], read(contents[index], footer.starts[chunk]));
    }
    const bytes = [...pages.values()].reduce((sum, of_column) => sum + of_column.bytes, 0);
    cache.groups.put(this.group_keys[group], pages, bytes);
    return pages;
  }

  /** Which pages of a column the rows are on, or null where all of its cells have one value. */
  private column_part(group: number, column: number, pages: GroupPages, rows: readonly number[]): ColumnPart | null {
    const chunk = this.chunk(group, column);
    const of_column = pages.get(column);
    if (of_column === undefined || this.footer.constant(chunk) !== undefined) return null;
    const parts: Part[] = [];
    for (let next = 0; next < rows.length;) {
      const index = of_column.index_of(rows[next]);
      const page = of_column.page(index);
      const end_row = index + 1 < of_column.count ? of_column.page(index + 1).first_row : Infinity;
      const of_page: number[] = [];
      for (; next < rows.length && rows[next] < end_row; next++) of_page.push(rows[next] - page.first_row);
      parts.push({ page: this.keyed(page), rows: of_page });
    }
    const { dictionary } = of_column;
    const is_needed = dictionary !== null && parts.length > 0;
    return { column, codec: this.footer.codecs[chunk], dictionary: is_needed ? this.keyed(dictionary) : null, parts };
  }

  private keyed(page: PagePlace): KeyedPage {
    return { ...page, key: `${this.number} ${page.start}` };
  }

  /** Reads all pages of these columns. Neighbours are read at once. */
  private async read_pages(
    missing: readonly ColumnPart[],
    buffers: BorrowedBuffers,
    into: Map<ColumnPart, PageBytes>,
  ): Promise<void> {
    const pages = missing.map(pages_of);
    const contents = await read_ranges(this.handle, pages.flat(), buffers);
    let next = 0;
    for (const [index, part] of missing.entries()) {
      into.set(part, new Map(pages[index].map(({ key }) => [key, contents[next++]])));
    }
  }

  private is_cached({ dictionary, parts }: ColumnPart): boolean {
    const { pages } = this.cache;
    if (dictionary !== null && pages.get(dictionary.key) === undefined) return false;
    return parts.every(({ page, rows }) => pages.get(page.key)?.has(last_of(rows)) ?? false);
  }

  /** Of a column of which all pages are in the cache. */
  private cached_cells({ column, dictionary, parts }: ColumnPart): Cell[] {
    const { pages } = this.cache;
    const of_column = this.footer.columns[column];
    const shared = dictionary === null ? null : there(pages.get(dictionary.key));
    return parts.flatMap(({ page, rows }) => page_cells(there(pages.get(page.key)), shared, of_column, rows));
  }

  /** Puts the pages into the cache, and takes the cells out of them. */
  private read_cells({ column, codec, dictionary, parts }: ColumnPart, bytes: PageBytes): Cell[] {
    const { pages } = this.cache;
    const of_column = this.footer.columns[column];
    const read = ({ key }: KeyedPage): Page =>
      pages.put(key, (room_for) => Page.read(there(bytes.get(key)), codec, false, room_for));
    const read_rows = ({ page: { key }, rows }: Part): Page =>
      pages.put(key, (room_for) => Page.read_until(last_of(rows), there(bytes.get(key)), codec, of_column, room_for));
    return parts.flatMap((part) => {
      // Each time, since the cache is sure to have the last two pages and no others.
      const shared = dictionary === null ? null : read(dictionary);
      return page_cells(read_rows(part), shared, of_column, part.rows);
    });
  }

  private chunk(group: number, column: number): number {
    return group * this.footer.columns.length + column;
  }

  private place(name: string): number {
    const place = this.places.get(name);
    if (place === undefined) throw new ParquetError(`there is no column ${name}`);
    return place;
  }
}

const pages_of = ({ dictionary, parts }: ColumnPart): KeyedPage[] => [
  ...(dictionary === null ? [] : [dictionary]),
  ...parts.map(({ page }) => page),
];

const last_of = (rows: readonly number[]): number => rows[rows.length - 1];

function there<Found>(page: Found | undefined): Found {
  if (page === undefined) throw new ParquetError("a page was not read");
  return page;
}

async function read_footer(handle: FileHandle): Promise<Uint8Array> {
  const { size } = await handle.stat();
  const tail_bytes = Math.min(size, TAIL_READ_BYTES);
  const tail = await read_at(handle, size - tail_bytes, Buffer.allocUnsafe(tail_bytes));
  const bytes = footer_bytes(tail);
  return bytes <= tail_bytes
    ? tail.subarray(tail_bytes - bytes)
    : read_at(handle, size - bytes, Buffer.allocUnsafe(bytes));
}
