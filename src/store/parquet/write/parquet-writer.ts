import { closeSync, fsyncSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { ByteSink } from "./byte-sink.ts";
import { ChunkWriter } from "./chunk-writer.ts";
import { footer_of, type GroupMeta } from "./footer-writer.ts";
import { NumberChunks } from "./number-chunks.ts";
import { TextChunks } from "./text-chunks.ts";
import type { ColumnCells, TextCells, WrittenColumn } from "./types.ts";

const MAGIC = Buffer.from("PAR1");

export type ParquetOptions = {
  /** Rows of a group at most. */
  group_rows: number;
  zstd_level: number;
  /** Text columns whose least and greatest value each group must have. */
  bounds_of: readonly string[];
};

/** Writes a Parquet file, a row group at a time. Calls block: it is for a thread of its own. Throws what the system says. */
export class ParquetWriter implements Disposable {
  private readonly out = new ByteSink();
  private readonly texts: TextChunks;
  private readonly numbers: NumberChunks;
  private readonly groups: GroupMeta[] = [];
  private readonly descriptor: number;
  private bytes = 0;
  private checksum = 0;

  /** Makes the file, or empties it. */
  constructor(
    path: string,
    private readonly columns: readonly WrittenColumn[],
    private readonly options: ParquetOptions,
  ) {
    const chunk = new ChunkWriter(this.out, options.zstd_level);
    this.texts = new TextChunks(chunk, options.group_rows);
    this.numbers = new NumberChunks(chunk, options.group_rows);
    this.descriptor = openSync(path, "w");
    this.out.put(MAGIC);
  }

  /** Adds rows of these cells, by column, in the order of `rows`, in groups of `group_rows` at most. */
  add_rows(cells: readonly ColumnCells[], rows: Uint32Array, group_rows = this.options.group_rows): void {
    for (let first = 0; first < rows.length; first += group_rows) {
      this.add_group(cells, rows.subarray(first, first + group_rows));
      this.flush();
    }
  }

  /** Ends the file and makes it durable. */
  finish(): { bytes: number; crc32: number } {
    this.out.put(footer_of(this.columns, this.groups, this.bytes));
    this.flush();
    fsyncSync(this.descriptor);
    return { bytes: this.bytes, crc32: this.checksum };
  }

  [Symbol.dispose](): void {
    closeSync(this.descriptor);
  }

  private add_group(cells: readonly ColumnCells[], rows: Uint32Array): void {
    const chunks = this.columns.map(({ name }, index) => {
      const column = cells[index];
      if (!is_text(column)) return this.numbers.write(column, rows, this.bytes);
      const is_bounded = this.options.bounds_of.includes(name);
      return this.texts.write({ cells: column, rows, is_bounded, start: this.bytes });
    });
    this.groups.push({ row_count: rows.length, chunks });
  }

  private flush(): void {
    const { content } = this.out;
    for (let at = 0; at < content.length;) at += writeSync(this.descriptor, content, at);
    this.checksum = crc32(content, this.checksum);
    this.bytes += content.length;
    this.out.clear();
  }
}

const is_text = (cells: ColumnCells): cells is TextCells => "offsets" in cells;
