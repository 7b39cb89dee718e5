import { CODEC, ENCODING, PAGE } from "../types.ts";
import { ByteSink } from "./byte-sink.ts";
import { put_hybrid } from "./levels.ts";
import { ThriftWriter } from "./thrift-writer.ts";
import type { Bounds, ChunkMeta } from "./types.ts";

const LEVEL_WIDTH = 1;

/** Writes the pages of one column chunk after the other into `out`, and notes what the footer says of them. */
export class ChunkWriter {
  /** What the next page has. */
  readonly values = new ByteSink();
  private readonly page = new ByteSink();
  private readonly thrift: ThriftWriter;
  private meta: ChunkMeta = new_meta(0, CODEC.zstd);
  private start = 0;

  constructor(
    readonly out: ByteSink,
    private readonly zstd_level: number,
  ) {
    this.thrift = new ThriftWriter(out);
  }

  /** `start`: where in the file `out` begins. */
  begin(start: number, codec: number): void {
    this.start = start;
    this.meta = new_meta(start + this.out.length, codec);
  }

  /** The page of a dictionary of `count` values. Comes before the others. */
  dictionary_page(count: number): void {
    const { meta, thrift } = this;
    meta.dictionary_page_at = this.start + this.out.length;
    this.put_page(this.values.content, PAGE.dictionary, () =>
      thrift.struct(7, () => {
        thrift.i32(1, count);
        thrift.i32(2, ENCODING.plain);
      }),
    );
    meta.data_page_at = this.start + this.out.length;
    this.values.clear();
  }

  /** A page of `row_count` rows. Levels are 1 for a row that has a value, 0 for a null. */
  data_page(row_count: number, encoding: number, levels: Uint8Array): void {
    const { meta, page, thrift, values } = this;
    page.clear();
    page.uint32(0);
    put_hybrid(page, levels, row_count, LEVEL_WIDTH);
    new DataView(page.bytes.buffer).setUint32(0, page.length - 4, true);
    page.put(values.content);
    const at = this.start + this.out.length;
    this.put_page(page.content, PAGE.data, () =>
      thrift.struct(5, () => {
        thrift.i32(1, row_count);
        thrift.i32(2, encoding);
        thrift.i32(3, ENCODING.rle);
        thrift.i32(4, ENCODING.rle);
      }),
    );
    for (let row = 0; row < row_count; row++) meta.null_count += 1 - levels[row];
    meta.pages.push({ at, bytes: this.start + this.out.length - at, first_row: meta.value_count });
    meta.value_count += row_count;
    meta.encoding = encoding;
    values.clear();
  }

  end(bounds: Bounds | null): ChunkMeta {
    return { ...this.meta, bounds };
  }

  private put_page(content: Uint8Array, type: number, more: () => void): void {
    const { out, meta, thrift } = this;
    const compressed = meta.codec === CODEC.zstd ? Bun.zstdCompressSync(content, { level: this.zstd_level }) : content;
    const start = out.length;
    thrift.members(() => {
      thrift.i32(1, type);
      thrift.i32(2, content.length);
      thrift.i32(3, compressed.length);
      more();
    });
    const header_bytes = out.length - start;
    out.put(compressed);
    meta.bytes += header_bytes + content.length;
    meta.compressed_bytes += header_bytes + compressed.length;
  }
}

const new_meta = (data_page_at: number, codec: number): ChunkMeta => ({
  codec,
  encoding: ENCODING.plain,
  value_count: 0,
  bytes: 0,
  compressed_bytes: 0,
  data_page_at,
  dictionary_page_at: null,
  null_count: 0,
  bounds: null,
  pages: [],
});
