import { compress, compressed_bytes_max } from "../../../zstd/index.ts";
import { Room } from "../room.ts";
import { CODEC, ENCODING, PAGE } from "../types.ts";
import { ByteSink } from "./byte-sink.ts";
import type { FileSink } from "./file-sink.ts";
import { put_hybrid, value_count } from "./levels.ts";
import { ThriftWriter } from "./thrift-writer.ts";
import type { Bounds, ChunkMeta } from "./types.ts";

const LEVEL_WIDTH = 1;

/** Writes the pages of one column chunk after the other into a file, and notes what the footer says of them. */
export class ChunkWriter {
  /** What the next page has. */
  readonly values = new ByteSink();
  private readonly page = new ByteSink();
  /** The page, compressed. */
  private readonly compressed = new Room();
  private readonly thrift: ThriftWriter;
  private meta: ChunkMeta = new_meta(0, CODEC.zstd);

  constructor(
    private readonly file: FileSink,
    /** Of the pages that come. */
    public zstd_level: number,
  ) {
    this.thrift = new ThriftWriter(file.bytes);
  }

  begin(codec: number): void {
    this.meta = new_meta(this.file.position, codec);
  }

  /** The page of a dictionary of `count` values. Comes before the others. */
  dictionary_page(count: number): void {
    const { meta, thrift, file } = this;
    meta.dictionary_page_at = file.position;
    this.put_page(this.values.content, PAGE.dictionary, () =>
      thrift.struct(7, () => {
        thrift.i32(1, count);
        thrift.i32(2, ENCODING.plain);
      }),
    );
    meta.data_page_at = file.position;
    this.values.clear();
  }

  /** A page of so many rows as there are levels: 1 for a row that has a value, 0 for a null. */
  data_page(encoding: number, levels: Uint8Array): void {
    const { meta, page, thrift, values, file } = this;
    page.clear();
    page.uint32(0);
    put_hybrid(page, levels, LEVEL_WIDTH);
    new DataView(page.bytes.buffer).setUint32(0, page.length - 4, true);
    page.put(values.content);
    const at = file.position;
    this.put_page(page.content, PAGE.data, () =>
      thrift.struct(5, () => {
        thrift.i32(1, levels.length);
        thrift.i32(2, encoding);
        thrift.i32(3, ENCODING.rle);
        thrift.i32(4, ENCODING.rle);
      }),
    );
    meta.null_count += levels.length - value_count(levels);
    meta.pages.push({ at, bytes: file.position - at, first_row: meta.value_count });
    meta.value_count += levels.length;
    meta.encodings.add(encoding);
    values.clear();
    file.write();
  }

  end(bounds: Bounds | null): ChunkMeta {
    return { ...this.meta, bounds };
  }

  private put_page(content: Uint8Array, type: number, more: () => void): void {
    const { file, meta, thrift } = this;
    const compressed = meta.codec === CODEC.zstd ? this.zstd(content) : content;
    const start = file.position;
    thrift.members(() => {
      thrift.i32(1, type);
      thrift.i32(2, content.length);
      thrift.i32(3, compressed.length);
      more();
    });
    const header_bytes = file.position - start;
    file.bytes.put(compressed);
    meta.bytes += header_bytes + content.length;
    meta.compressed_bytes += header_bytes + compressed.length;
  }

  /** Good until the next page. */
  private zstd(content: Uint8Array): Uint8Array {
    const room = this.compressed.take(compressed_bytes_max(content.length));
    return room.subarray(0, compress(content, this.zstd_level, room));
  }
}

const new_meta = (data_page_at: number, codec: number): ChunkMeta => ({
  codec,
  encodings: new Set(),
  value_count: 0,
  bytes: 0,
  compressed_bytes: 0,
  data_page_at,
  dictionary_page_at: null,
  null_count: 0,
  bounds: null,
  pages: [],
});
