import { ChunkWriter } from "./chunk-writer.ts";
import { FileSink } from "./file-sink.ts";
import { footer_of, type GroupMeta } from "./footer-writer.ts";
import { NumberChunks } from "./number-chunks.ts";
import { TextChunks } from "./text-chunks.ts";
import type { ChunkMeta, NumberCells, PageLimits, Slices, TextCells, WrittenColumn } from "./types.ts";

const MAGIC = Buffer.from("PAR1");

export type ParquetOptions = {
  /** Rows of a group at most. */
  group_rows: number;
  pages: PageLimits;
  zstd_level: number;
};

/**
 * Writes a Parquet file, a row group at a time, in memory of some pages. Calls block: it is for a thread of its own. Throws
 * what the system says.
 */
export class ParquetWriter implements Disposable {
  private readonly file: FileSink;
  private readonly chunk: ChunkWriter;
  private readonly texts: TextChunks;
  private readonly numbers: NumberChunks;
  private readonly groups: GroupMeta[] = [];

  /** Makes the file, or empties it. */
  constructor(
    path: string,
    private readonly columns: readonly WrittenColumn[],
    private readonly options: ParquetOptions,
  ) {
    this.file = new FileSink(path);
    const chunk = (this.chunk = new ChunkWriter(this.file, options.zstd_level));
    this.texts = new TextChunks(chunk, options.group_rows);
    this.numbers = new NumberChunks(chunk, options.group_rows);
    this.file.bytes.put(MAGIC);
  }

  /** Adds rows in this order, in as many groups as they make. `cells` gives the cells of a column, by its place, at rows. */
  add_rows(cells: (column: number, rows: Uint32Array) => Slices, rows: Uint32Array, pages = this.options.pages): void {
    const { group_rows } = this.options;
    for (let first = 0; first < rows.length; first += group_rows) {
      const of_group = rows.subarray(first, first + group_rows);
      const chunks = this.columns.map((column, index) => this.write_chunk(column, cells(index, of_group), pages));
      this.groups.push({ row_count: of_group.length, chunks });
    }
  }

  /** Ends the file and makes it durable. */
  finish(): { bytes: number; crc32: number } {
    this.file.bytes.put(footer_of(this.columns, this.groups, this.file.position));
    return this.file.finish();
  }

  [Symbol.dispose](): void {
    this.file[Symbol.dispose]();
  }

  private write_chunk({ kind, zstd_level }: WrittenColumn, slices: Slices, pages: PageLimits): ChunkMeta {
    this.chunk.zstd_level = zstd_level ?? this.options.zstd_level;
    if (kind === "text" || kind === "json") return this.texts.write(slices as Slices<TextCells>, pages);
    return this.numbers.write(kind, slices as Slices<NumberCells>, pages);
  }
}
