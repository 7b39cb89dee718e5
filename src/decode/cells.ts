import type { Range, WireReader } from "../wire/index.ts";
import type { AnyValues } from "./any-value.ts";
import type { ColumnBatch } from "./column-batch.ts";
import type { ByteHeap } from "./heap.ts";
import { put_hex, put_json_string, put_text, put_utf8 } from "./json-text.ts";
import { is_strict_json } from "./strict-json.ts";

/** A piece of the heap that cells can point to. */
export type Cell = { readonly offset: number; readonly length: number };

/** What stands for an entry that was not sent. */
export const NO_ENTRY = -1;

/** Writes text into the heap and lets a cell of a batch point to it. */
export class CellWriter {
  constructor(
    private readonly reader: WireReader,
    private readonly heap: ByteHeap,
    private readonly values: AnyValues,
  ) {}

  /** The piece of the heap that `write` writes. */
  written(write: () => void): Cell {
    const offset = this.heap.length;
    write();
    return { offset, length: this.heap.length - offset };
  }

  /** Where what is written next will be. */
  get end(): number {
    return this.heap.length;
  }

  /** Lets a cell point to all that was written since `end` was `offset`. */
  written_since(offset: number, batch: ColumnBatch, column: number, row: number): void {
    batch.set_text(column, row, offset, this.heap.length - offset);
  }

  share(batch: ColumnBatch, column: number, row: number, cell: Cell): void {
    batch.set_text(column, row, cell.offset, cell.length);
  }

  /** Bytes as hex digits. */
  id(batch: ColumnBatch, column: number, row: number, { start, end }: Range): void {
    const offset = this.heap.length;
    put_hex(this.heap, this.reader.bytes, start, end);
    this.written_since(offset, batch, column, row);
  }

  string(batch: ColumnBatch, column: number, row: number, { start, end }: Range): void {
    const offset = this.heap.length;
    put_text(this.heap, this.reader, start, end);
    this.written_since(offset, batch, column, row);
  }

  word(batch: ColumnBatch, column: number, row: number, word: string): void {
    const offset = this.heap.length;
    this.heap.put_ascii(word);
    batch.set_text(column, row, offset, word.length);
  }

  /** An attribute's value as text: a string as it is, another value as its JSON; nothing if it has none. */
  text_value(batch: ColumnBatch, column: number, row: number, entry: number): void {
    if (!this.is_sent(entry)) return;
    const offset = this.heap.length;
    const text = this.values.string_range(entry);
    if (text === null) this.values.put_entry_value(entry);
    else put_text(this.heap, this.reader, text.start, text.end);
    this.written_since(offset, batch, column, row);
  }

  /**
   * An attribute's value as JSON: a string that holds JSON as it is, any other value as JSON; nothing if it has none. Gives
   * whether it was put as it is.
   */
  json_value(batch: ColumnBatch, column: number, row: number, entry: number): boolean {
    if (!this.is_sent(entry)) return false;
    const offset = this.heap.length;
    const text = this.values.string_range(entry);
    const is_json = text !== null && this.put_json_text(text);
    if (text === null) this.values.put_entry_value(entry);
    this.written_since(offset, batch, column, row);
    return is_json;
  }

  /** Whether an attribute's value is text. */
  is_text(entry: number): boolean {
    return this.values.string_range(entry) !== null;
  }

  private is_sent(entry: number): boolean {
    return entry !== NO_ENTRY && this.values.has_value(entry);
  }

  private put_json_text({ start, end }: Range): boolean {
    const { heap, reader } = this;
    const is_json = is_strict_json(reader.bytes, start, end) && put_utf8(heap, reader, start, end);
    if (!is_json) put_json_string(heap, reader, start, end);
    return is_json;
  }
}
