import { open, type FileHandle } from "node:fs/promises";
import { ParquetError } from "./error.ts";
import { type Bounds, Footer, footer_bytes } from "./footer.ts";
import { find_text, read_cells } from "./page.ts";
import type { Cell } from "./types.ts";

/** Most footers fit into the first read. */
const TAIL_READ_BYTES = 256 * 1024;

/** Reading what lies between costs less than a further call. */
const GAP_BYTES_MAX = 64 * 1024;

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
    const content = await this.read_chunks(chunks.filter((chunk) => footer.constant(chunk) === undefined));
    return chunks.map((chunk, index) => {
      const constant = footer.constant(chunk);
      if (constant !== undefined) return rows.map(() => constant);
      const bytes = content.get(chunk);
      if (bytes === undefined) throw new ParquetError(`chunk ${chunk} was not read`);
      return read_cells(bytes, footer.codecs[chunk], footer.columns[columns[index]], rows);
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
    const bytes = (await this.read_chunks([chunk])).get(chunk);
    if (bytes === undefined) throw new ParquetError(`chunk ${chunk} was not read`);
    return find_text(bytes, footer.codecs[chunk], footer.columns[column], wanted);
  }

  /** The bytes of each chunk. What lies side by side is read at once. */
  private async read_chunks(chunks: readonly number[]): Promise<Map<number, Uint8Array>> {
    const { starts, lengths } = this.footer;
    const content = new Map<number, Uint8Array>();
    const in_file_order = chunks.toSorted((a, b) => starts[a] - starts[b]);
    while (in_file_order.length > 0) {
      let count = 1;
      const end_of = (chunk: number) => starts[chunk] + lengths[chunk];
      while (
        count < in_file_order.length &&
        starts[in_file_order[count]] - end_of(in_file_order[count - 1]) <= GAP_BYTES_MAX
      )
        count++;
      const neighbours = in_file_order.splice(0, count);
      const start = starts[neighbours[0]];
      const bytes = await read(this.handle, start, end_of(neighbours[count - 1]) - start);
      for (const chunk of neighbours) content.set(chunk, bytes.subarray(starts[chunk] - start, end_of(chunk) - start));
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
