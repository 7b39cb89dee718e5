import { open, type FileHandle } from "node:fs/promises";
import { ParquetError } from "./error.ts";
import { type Bounds, Footer, footer_bytes } from "./footer.ts";
import { page_places } from "./offset-index.ts";
import { find_text, read_cells } from "./page.ts";
import type { Cell } from "./types.ts";

/** Most footers fit into the first read. */
const TAIL_READ_BYTES = 256 * 1024;

/** Reading what lies between costs less than a further call. */
const GAP_BYTES_MAX = 64 * 1024;

/** Pages of a chunk, or the whole of it, and the places in it of the rows that are wanted. */
type Piece = { start: number; length: number; rows: readonly number[] };

function bytes_of(content: ReadonlyMap<Piece, Uint8Array>, piece: Piece): Uint8Array {
  const bytes = content.get(piece);
  if (bytes === undefined) throw new ParquetError("a piece was not read");
  return bytes;
}

/** A Parquet file, open for reading some of its rows. It must not change. */
export class ParquetFile implements AsyncDisposable {
  private readonly places: ReadonlyMap<string, number>;

  private constructor(
    private readonly handle: FileHandle,
    private readonly footer: Footer,
  ) {
    this.places = new Map(footer.columns.map(({ name }, place) => [name, place]));
  }

  /** `bounds_of`: the text columns of which `bounds` tells. Rejects with ParquetError, or what the system says. */
  static async open(path: string, bounds_of: readonly string[]): Promise<ParquetFile> {
    const handle = await open(path);
    try {
      return new ParquetFile(handle, new Footer(await read_footer(handle), bounds_of));
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

  /** Texts that none of a group's is below or above, in a column that was named; null if they are not known. */
  bounds(group: number, name: string): Bounds | null {
    const bounds = this.footer.bounds.get(name)?.[group];
    if (bounds === undefined) throw new ParquetError(`nothing is known of the bounds of ${name}`);
    return bounds;
  }

  /** The one value that a column has in all rows of the group, or undefined if that is not known. */
  constant(group: number, name: string): Cell | undefined {
    return this.footer.constant(group * this.footer.columns.length + this.place(name));
  }

  /** Cells of these columns, by column, of the rows at these places in the group, which ascend. */
  async cells(group: number, names: readonly string[], rows: readonly number[]): Promise<Cell[][]> {
    const { footer } = this;
    const columns = names.map((name) => this.place(name));
    const chunks = columns.map((column) => group * footer.columns.length + column);
    // Half of the columns have one value in all rows of a group, as a rule.
    const pieces: Piece[][] = [];
    for (const chunk of chunks) {
      if (footer.constant(chunk) !== undefined) pieces.push([]);
      else if (footer.index_lengths[chunk] === 0) pieces.push([this.whole(chunk, rows)]);
      else pieces.push(await this.pages(chunk, rows));
    }
    const content = await this.read_pieces(pieces.flat());
    return chunks.map((chunk, index) => {
      const constant = footer.constant(chunk);
      if (constant !== undefined) return rows.map(() => constant);
      const column = footer.columns[columns[index]];
      return pieces[index].flatMap((piece) =>
        read_cells(bytes_of(content, piece), footer.codecs[chunk], column, piece.rows),
      );
    });
  }

  /** The places in the group at which a column has this text, ascending. */
  async find(group: number, name: string, text: string): Promise<number[]> {
    const { footer } = this;
    const column = this.place(name);
    const chunk = group * footer.columns.length + column;
    const wanted = Buffer.from(text);
    const constant = footer.constant(chunk);
    if (constant !== undefined) {
      const is_it = constant instanceof Uint8Array && wanted.equals(constant);
      return is_it ? Array.from({ length: footer.row_counts[group] }, (_, place) => place) : [];
    }
    const piece = this.whole(chunk, []);
    const bytes = bytes_of(await this.read_pieces([piece]), piece);
    return find_text(bytes, footer.codecs[chunk], footer.columns[column], wanted);
  }

  /** The pages of a chunk that some rows are on. */
  private async pages(chunk: number, rows: readonly number[]): Promise<Piece[]> {
    const { index_starts, index_lengths, row_counts, columns } = this.footer;
    const pages = page_places(await read(this.handle, index_starts[chunk], index_lengths[chunk]));
    const row_count = row_counts[Math.floor(chunk / columns.length)];
    return pages.flatMap(({ start, length, first_row }, index) => {
      const end_row = pages[index + 1]?.first_row ?? row_count;
      const of_page = rows.filter((row) => row >= first_row && row < end_row).map((row) => row - first_row);
      return of_page.length === 0 ? [] : [{ start, length, rows: of_page }];
    });
  }

  private whole(chunk: number, rows: readonly number[]): Piece {
    return { start: this.footer.starts[chunk], length: this.footer.lengths[chunk], rows };
  }

  /** The bytes of each piece. What lies side by side is read at once. */
  private async read_pieces(pieces: readonly Piece[]): Promise<Map<Piece, Uint8Array>> {
    const content = new Map<Piece, Uint8Array>();
    const in_file_order = pieces.toSorted((a, b) => a.start - b.start);
    const end_of = ({ start, length }: Piece) => start + length;
    while (in_file_order.length > 0) {
      let count = 1;
      while (
        count < in_file_order.length &&
        in_file_order[count].start - end_of(in_file_order[count - 1]) <= GAP_BYTES_MAX
      )
        count++;
      const neighbours = in_file_order.splice(0, count);
      const { start } = neighbours[0];
      const bytes = await read(this.handle, start, end_of(neighbours[count - 1]) - start);
      for (const piece of neighbours) content.set(piece, bytes.subarray(piece.start - start, end_of(piece) - start));
    }
    return content;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.handle.close();
  }

  private place(name: string): number {
    const place = this.places.get(name);
    if (place === undefined) throw new ParquetError(`there is no column ${name}`);
    return place;
  }
}

async function read_footer(handle: FileHandle): Promise<Uint8Array> {
  const { size } = await handle.stat();
  const tail_bytes = Math.min(size, TAIL_READ_BYTES);
  const tail = await read(handle, size - tail_bytes, tail_bytes);
  const bytes = footer_bytes(tail);
  return bytes <= tail_bytes ? tail.subarray(tail_bytes - bytes) : read(handle, size - bytes, bytes);
}

async function read(handle: FileHandle, start: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, start + filled);
    if (bytesRead === 0) throw new ParquetError("the file ends early");
    filled += bytesRead;
  }
  return bytes;
}
