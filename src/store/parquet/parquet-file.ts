import { open, type FileHandle } from "node:fs/promises";
import { ParquetError } from "./error.ts";
import { Footer, footer_bytes } from "./footer.ts";
import { read_cells } from "./page.ts";
import type { Cell } from "./types.ts";

/** Most footers fit into the first read. */
const TAIL_READ_BYTES = 256 * 1024;

/** A Parquet file, open for reading some of its rows. It must not change. */
export class ParquetFile implements AsyncDisposable {
  private readonly places: ReadonlyMap<string, number>;

  private constructor(
    private readonly handle: FileHandle,
    private readonly footer: Footer,
  ) {
    this.places = new Map(footer.columns.map(({ name }, place) => [name, place]));
  }

  /** `bounds_of`: the text column of which `bounds` tells. Rejects with ParquetError, or what the system says. */
  static async open(path: string, bounds_of: string): Promise<ParquetFile> {
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

  /** The least and the greatest text of a group, in the column that was named. */
  bounds(group: number): { min: string; max: string } {
    return this.footer.bounds[group];
  }

  /** Cells of these columns, by column, of the rows at these places in the group, which ascend. */
  async cells(group: number, names: readonly string[], rows: readonly number[]): Promise<Cell[][]> {
    const { footer } = this;
    const columns = names.map((name) => this.place(name));
    const chunks = columns.map((column) => group * footer.columns.length + column);
    const to_read = chunks.filter((chunk) => footer.constant(chunk) === undefined);
    const start = Math.min(...to_read.map((chunk) => footer.starts[chunk]));
    const end = Math.max(...to_read.map((chunk) => footer.starts[chunk] + footer.lengths[chunk]));
    const bytes = to_read.length === 0 ? new Uint8Array(0) : await read(this.handle, start, end - start);
    return chunks.map((chunk, index) => {
      // Half of the columns have one value in all rows of a group, as a rule.
      const constant = footer.constant(chunk);
      if (constant !== undefined) return rows.map(() => constant);
      const from = footer.starts[chunk] - start;
      const content = bytes.subarray(from, from + footer.lengths[chunk]);
      return read_cells(content, footer.codecs[chunk], footer.columns[columns[index]], rows);
    });
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
